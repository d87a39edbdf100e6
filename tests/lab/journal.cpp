// SPDX-License-Identifier: Apache-2.0
#include "lab/journal.h"

#include "lab/host.h"

#include <QByteArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <regex>
#include <thread>

namespace dyad::lab {

namespace {

constexpr std::size_t maxLineBytes = 64 * 1024;

// "... last heartbeat 61 ms ago ..." in the line that says the peer is suspect.
std::optional<Duration> heartbeatAge(const std::string& text) {
    static const std::regex pattern("last heartbeat ([0-9.]+) ?(ms|s)");
    std::smatch match;
    if (!std::regex_search(text, match, pattern)) return std::nullopt;
    const double number = std::stod(match[1].str());
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::milli>(match[2].str() == "s" ? number * 1000 : number));
}

} // namespace

std::optional<JournalLine> parseJournalLine(const std::string& line) {
    if (line.empty() || line.size() > maxLineBytes) return std::nullopt;
    const auto document = QJsonDocument::fromJson(QByteArray::fromStdString(line));
    if (!document.isObject()) return std::nullopt;
    const QJsonObject object = document.object();
    const auto text = [&](const char* key) { return object.value(QLatin1String(key)).toString().toStdString(); };
    JournalLine entry;
    entry.at = Instant::fromNanoseconds(object.value(QLatin1String("at_ns")).toInteger());
    entry.severity = text("severity");
    entry.kind = text("kind");
    entry.group = text("group");
    entry.resource = text("resource");
    entry.text = text("text");
    return entry;
}

std::vector<JournalLine> readJournal(const std::string& host, Instant since) {
    std::vector<JournalLine> lines;
    const Duration ahead = monotonicAhead(host);
    std::ifstream file(journalPath(host));
    std::string line;
    while (std::getline(file, line)) {
        if (file.eof()) break; // not yet whole
        auto entry = parseJournalLine(line);
        if (entry) entry->at = entry->at - ahead;
        if (entry && entry->at >= since) lines.push_back(std::move(*entry));
    }
    return lines;
}

std::optional<JournalLine> findLine(const std::string& host, Instant since, const std::string& kind,
                                    const std::string& group, const std::string& resource) {
    for (auto& line : readJournal(host, since))
        if (line.kind == kind && (group.empty() || line.group == group) &&
            (resource.empty() || line.resource == resource))
            return line;
    return std::nullopt;
}

std::optional<JournalLine> waitForLine(const std::string& host, Instant since, const std::string& kind,
                                       Duration deadline, const std::string& group, const std::string& resource) {
    const Instant began = monotonicNow();
    while (true) {
        if (auto line = findLine(host, since, kind, group, resource)) return line;
        if (monotonicNow() - began > deadline) return std::nullopt;
        std::this_thread::sleep_for(10ms);
    }
}

std::vector<std::string> journalTail(const std::string& host, std::size_t count) {
    std::vector<std::string> tail;
    for (const auto& line : readJournal(host, Instant())) {
        std::string text = std::to_string(line.at.nanoseconds() / 1'000'000) + " ms " + line.severity + " " + line.kind;
        if (!line.group.empty()) text += " " + line.group + (line.resource.empty() ? "" : "/" + line.resource);
        tail.push_back(text + ": " + line.text);
        if (tail.size() > count) tail.erase(tail.begin());
    }
    return tail;
}

std::vector<Moment> timeLine(const std::string& host, Instant zero, const std::string& group) {
    std::vector<Moment> moments;
    const auto lines = readJournal(host, zero);
    const auto add = [&](const char* name, const char* words, const char* symbol, Instant at) {
        const bool known =
            std::any_of(moments.begin(), moments.end(), [&](const Moment& moment) { return moment.name == name; });
        if (!known) moments.push_back({name, words, symbol, at});
    };
    for (const auto& line : lines) {
        if (line.kind == "peer_suspect") {
            if (const auto age = heartbeatAge(line.text)) add("last_heartbeat", "last heartbeat", "♥", line.at - *age);
            add("suspect", "peer suspect", "?", line.at);
        }
        if (line.kind == "peer_lost") add("lost", "peer lost", "✗", line.at);
        if (line.group != group) continue;
        if (line.kind == "challenge_placed") add("challenge", "challenge placed", "⚑", line.at);
        if (line.kind == "challenge_defended") add("challenge_defended", "owner has defended", "⛨", line.at);
        if (line.kind == "reservation_won") add("reservation_won", "reservation won", "⚿", line.at);
        if (line.kind != "resource_running") continue;
        if (line.resource == "data") add("mounted", "mounted", "▤", line.at);
        if (line.resource == "db") add("database_ready", "database ready", "⛁", line.at);
        if (line.resource == "ip") add("address_announced", "address announced", "⇄", line.at);
    }
    std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) { return a.at < b.at; });
    return moments;
}

} // namespace dyad::lab
