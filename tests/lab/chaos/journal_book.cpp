// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/journal_book.h"

#include "lab/host.h"

#include <algorithm>
#include <array>
#include <sys/stat.h>

namespace dyad::lab {

namespace {

constexpr std::size_t maxRecentLines = 200'000;
constexpr std::size_t maxBegunBytes = 64 * 1024;
constexpr const char* failedAlarm = "group.failed:";

bool sameFile(std::FILE* file, const std::string& path) {
    struct stat open {};
    struct stat there {};
    return fstat(fileno(file), &open) == 0 && stat(path.c_str(), &there) == 0 && open.st_ino == there.st_ino &&
           open.st_dev == there.st_dev;
}

// "group.failed:erp: words" → "group.failed:erp"
std::string alarmName(const std::string& text) { return text.substr(0, text.find(": ")); }

unsigned epochIn(const std::string& text) {
    const auto at = text.rfind("epoch ");
    return at == std::string::npos ? 0 : static_cast<unsigned>(std::strtoul(text.c_str() + at + 6, nullptr, 10));
}

} // namespace

JournalFollower::~JournalFollower() {
    if (m_file != nullptr) std::fclose(m_file);
}

JournalFollower::JournalFollower(JournalFollower&& other) noexcept
    : m_path(std::move(other.m_path)), m_file(std::exchange(other.m_file, nullptr)), m_begun(std::move(other.m_begun)) {
}

void JournalFollower::readOn(std::vector<JournalLine>& lines) {
    std::array<char, 16384> buffer;
    std::clearerr(m_file);
    while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), m_file)) {
        m_begun.append(buffer.data(), got);
        std::size_t from = 0;
        for (auto end = m_begun.find('\n'); end != std::string::npos; end = m_begun.find('\n', from)) {
            if (auto line = parseJournalLine(m_begun.substr(from, end - from))) lines.push_back(std::move(*line));
            from = end + 1;
        }
        m_begun.erase(0, from);
        if (m_begun.size() > maxBegunBytes) m_begun.clear();
    }
}

std::vector<JournalLine> JournalFollower::more() {
    std::vector<JournalLine> lines;
    // Twice: the rest of the file that was set aside, then the new one.
    for (int round = 0; round < 2; ++round) {
        if (m_file == nullptr) m_file = std::fopen(m_path.c_str(), "re");
        if (m_file == nullptr) return lines;
        const bool last = sameFile(m_file, m_path);
        readOn(lines);
        if (last) return lines;
        std::fclose(m_file);
        m_file = nullptr;
        m_begun.clear();
    }
    return lines;
}

JournalBook::JournalBook() {
    for (const char* host : hostNames)
        m_followers.emplace(host, JournalFollower(journalPath(host)));
}

void JournalBook::read() {
    std::vector<BookLine> fresh;
    for (auto& [host, follower] : m_followers) {
        const Duration ahead = monotonicAhead(host);
        for (auto& line : follower.more()) {
            line.at = line.at - ahead;
            fresh.push_back({host, std::move(line)});
        }
    }
    std::stable_sort(fresh.begin(), fresh.end(),
                     [](const BookLine& a, const BookLine& b) { return a.line.at < b.line.at; });
    for (auto& each : fresh) {
        take(each.host, each.line);
        if (m_recent.size() < maxRecentLines) m_recent.push_back(std::move(each));
    }
}

void JournalBook::take(const std::string& host, const JournalLine& line) {
    if (line.kind == "service_started") {
        m_alarms[host].clear();
        m_starts[host].push_back(line.at);
    }
    if (line.kind == "alarm_raised") m_alarms[host].insert(alarmName(line.text));
    if (line.kind == "alarm_cleared") m_alarms[host].erase(alarmName(line.text));
    if (line.kind == "reservation_released") m_released[line.group] = line.at;
    if (line.kind != "reservation_won") return;
    const auto before = std::find_if(m_wins.rbegin(), m_wins.rend(),
                                     [&](const ReservationWin& win) { return win.group == line.group; });
    const auto released = m_released.find(line.group);
    const bool ordered = released != m_released.end() && (before == m_wins.rend() || released->second > before->at);
    m_wins.push_back({line.at, host, line.group, epochIn(line.text), ordered, ordered ? released->second : Instant()});
}

std::size_t JournalBook::count(const std::string& kind, const std::string& group, Instant since,
                               const std::string& host) const {
    return static_cast<std::size_t>(std::count_if(m_recent.begin(), m_recent.end(), [&](const BookLine& each) {
        return each.line.at >= since && each.line.kind == kind && (group.empty() || each.line.group == group) &&
               (host.empty() || each.host == host);
    }));
}

std::set<std::string> JournalBook::alarms(const std::string& host) const {
    const auto found = m_alarms.find(host);
    return found == m_alarms.end() ? std::set<std::string>() : found->second;
}

std::set<std::string> JournalBook::failedGroups(const std::string& host) const {
    std::set<std::string> groups;
    for (const auto& alarm : alarms(host))
        if (alarm.starts_with(failedAlarm)) groups.insert(alarm.substr(std::string(failedAlarm).size()));
    return groups;
}

// The group was let go of in order, so no key of it is on the array; since then both services began anew, the winner's
// before it won: the epochs of before are nowhere any more, and none of their keys, either.
bool JournalBook::nobodyKnowsTheEpochBefore(const ReservationWin& win) const {
    if (!win.afterRelease) return false;
    return std::all_of(std::begin(hostNames), std::end(hostNames), [&](const char* host) {
        const auto starts = m_starts.find(host);
        if (starts == m_starts.end()) return false;
        return std::any_of(starts->second.begin(), starts->second.end(),
                           [&](Instant at) { return at > win.released && (at < win.at || host != win.host); });
    });
}

std::vector<std::string> JournalBook::contradictions() const {
    std::vector<std::string> found;
    std::map<std::string, ReservationWin> last;
    auto sorted = m_wins;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    for (const auto& win : sorted) {
        const auto before = last.find(win.group);
        // 16 bits that begin again after their end: later is what lies less than half the circle ahead.
        const bool forgotten =
            before != last.end() && std::any_of(m_epochsForgotten.begin(), m_epochsForgotten.end(),
                                                [&](Instant at) { return at >= before->second.at && at <= win.at; });
        if (before != last.end() && !forgotten && !nobodyKnowsTheEpochBefore(win)) {
            const auto ahead = static_cast<std::uint16_t>(win.epoch - before->second.epoch);
            if (ahead == 0 || ahead >= 0x8000)
                found.push_back(win.host + " won group " + win.group + " in epoch " + std::to_string(win.epoch) +
                                " after " + before->second.host + " had won it in epoch " +
                                std::to_string(before->second.epoch));
        }
        last[win.group] = win;
    }
    return found;
}

std::size_t JournalBook::switchovers() const {
    return static_cast<std::size_t>(
        std::count_if(m_wins.begin(), m_wins.end(), [](const auto& win) { return win.afterRelease; }));
}

std::size_t JournalBook::takeovers() const {
    std::size_t count = 0;
    std::map<std::string, std::string> holder;
    for (const auto& win : m_wins) {
        const auto before = holder.find(win.group);
        if (before != holder.end() && !win.afterRelease) ++count;
        holder[win.group] = win.host;
    }
    return count;
}

} // namespace dyad::lab
