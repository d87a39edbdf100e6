// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/appender.h"

#include "lab/chaos/append_record.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/paths.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace dyad::lab {

namespace {

// The host's /var/lib as the machine sees it.
std::string notesPath(const std::string& host) { return hostFolder(host) + "/var-lib/appender.acks"; }

std::vector<Acknowledgement> readNotes(const std::string& host) {
    std::vector<Acknowledgement> notes;
    std::ifstream file(notesPath(host), std::ios::binary);
    AppendNote note{};
    while (file.read(reinterpret_cast<char*>(&note), sizeof note))
        if (note.isWhole()) notes.push_back({note.record, note.writer});
    return notes;
}

std::string nameOf(std::uint64_t writer) {
    const char* host = writer >> 63 != 0 ? "beta" : "alpha";
    return std::string(host) + "'s writer " + std::to_string(writer & 0xffff);
}

} // namespace

std::uint64_t acknowledgedRecords() {
    std::uint64_t bytes = 0;
    for (const char* host : hostNames) {
        std::error_code error;
        const auto size = std::filesystem::file_size(notesPath(host), error);
        if (!error) bytes += size;
    }
    return bytes / sizeof(AppendNote);
}

AppendedVerdict judgeAppended(const std::vector<AppendedRun>& runs, const std::vector<std::uint64_t>& badRecords,
                              const std::vector<Acknowledgement>& acknowledged) {
    AppendedVerdict verdict;
    const auto problem = [&](const std::string& text) {
        if (verdict.problems.size() < AppendedVerdict::maxProblems) verdict.problems.push_back(text);
    };
    for (const auto record : badRecords)
        problem("record " + std::to_string(record) + " of the appended file is not whole, though later ones are");
    std::set<std::uint64_t> writers;
    for (const auto& run : runs)
        if (!writers.insert(run.writer).second)
            problem(nameOf(run.writer) + " wrote record " + std::to_string(run.first) +
                    " after another writer had taken over");
    verdict.writers = writers.size();
    verdict.acknowledged = acknowledged.size();
    for (const auto& note : acknowledged) {
        const auto after = std::upper_bound(runs.begin(), runs.end(), note.record,
                                            [](std::uint64_t record, const auto& run) { return record < run.first; });
        const bool inside = after != runs.begin() && std::prev(after)->last >= note.record;
        if (inside && std::prev(after)->writer == note.writer)
            ++verdict.found;
        else
            problem("record " + std::to_string(note.record) + ", acknowledged to " + nameOf(note.writer) +
                    (inside ? ", was overwritten by " + nameOf(std::prev(after)->writer) : ", is gone"));
    }
    return verdict;
}

Result<AppendedVerdict> verifyAppended(const std::string& host) {
    // The notes first: what is acknowledged while the file is read is not asked for.
    std::vector<Acknowledgement> acknowledged;
    for (const char* each : hostNames)
        for (const auto& note : readNotes(each))
            acknowledged.push_back(note);
    auto output = runInHost(host, {programPath("dyad-lab"), "internal", "read-appended"}, {.deadline = 60s});
    if (!output) return output.error();
    if (output.value().exitStatus != 0)
        return Error{"read the appended file back", "on " + host, output.value().text, ""};
    std::vector<AppendedRun> runs;
    std::vector<std::uint64_t> bad;
    std::istringstream lines(output.value().text);
    std::string line;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        if (line.starts_with("bad ")) {
            bad.push_back(std::stoull(line.substr(4)));
            continue;
        }
        AppendedRun run;
        if (!(fields >> run.first >> run.last >> run.writer))
            return Error{"read the appended file back", "on " + host, line, ""};
        runs.push_back(run);
    }
    return judgeAppended(runs, bad, acknowledged);
}

} // namespace dyad::lab
