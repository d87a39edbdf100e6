// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/evidence.h"

#include "lab/chaos/whereabouts.h"
#include "lab/host.h"
#include "lab/paths.h"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace dyad::lab {

namespace fs = std::filesystem;

namespace {

constexpr const char* evidenceRoot = "/var/tmp/dyad-chaos";
constexpr Duration patience = 10s;

void copyAll(const fs::path& from, const fs::path& to) {
    std::error_code error;
    if (fs::exists(from, error))
        fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
}

void say(const fs::path& to, const std::string& host, const std::string& script) {
    if (!isOn(host)) return;
    const auto output = runInHost(host, {"sh", "-c", script}, {.deadline = patience});
    std::ofstream(to) << (output ? output.value().text : output.error().text());
}

} // namespace

std::string keepEvidence(const std::string& title, const Plan& plan, std::size_t failedEpisode,
                         const std::vector<std::string>& problems) {
    const fs::path folder =
        fs::path(evidenceRoot) / (labName() + "-" + title + "-" + std::to_string(std::time(nullptr)));
    std::error_code error;
    fs::create_directories(folder, error);
    for (const char* host : hostNames) {
        const fs::path own = folder / host;
        fs::create_directories(own, error);
        copyAll(hostFolder(host) + "/var-lib/dyad", own / "var-lib-dyad");
        copyAll(serviceLogPath(host), own / "dyadd.log");
        copyAll(hostFolder(host) + "/console.log", own / "console.log");
        say(own / "run.log", host, "cd /run/dyad && tail -n 300 *.log lun/*/log heart.log 2>/dev/null");
        say(own / "status.txt", host, "timeout 5 dyad status; ps -eo pid,ppid,stat,wchan:32,args; cat /proc/mounts");
    }
    copyAll(diskFolder() + "/array.log", folder / "array.log");
    std::ofstream(folder / "plan.txt") << toText(plan);
    if (failedEpisode > 0 && failedEpisode <= plan.episodes.size())
        std::ofstream(folder / "episode.txt") << toText(Plan{{plan.episodes[failedEpisode - 1]}});
    std::ofstream list(folder / "problems.txt");
    for (const auto& problem : problems)
        list << problem << '\n';
    return folder.string();
}

} // namespace dyad::lab
