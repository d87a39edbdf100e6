// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/process_sweep.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <memory>
#include <set>

#include "platform/linux/system_error.h"

namespace dyad::platform {
namespace {

std::string readLink(const std::string& path) {
    std::array<char, PATH_MAX> target{};
    const ssize_t count = ::readlink(path.c_str(), target.data(), target.size());
    return count > 0 ? std::string(target.data(), static_cast<std::size_t>(count)) : std::string();
}

// Empty for a process that has gone or that we may not read.
std::string readEnvironment(const std::string& process) {
    FileDescriptor file(::open((process + "/environ").c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    std::array<char, 4096> piece{};
    while (file.valid() && text.size() < maxEnvironmentBytes) {
        const ssize_t count = ::read(file.get(), piece.data(), piece.size());
        if (count <= 0) break;
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    return text;
}

bool hasEntry(const std::string& environment, const std::string& entry) {
    for (std::size_t at = environment.find(entry); at != std::string::npos; at = environment.find(entry, at + 1)) {
        const std::size_t end = at + entry.size();
        if ((at == 0 || environment[at - 1] == '\0') && (end == environment.size() || environment[end] == '\0'))
            return true;
    }
    return false;
}

bool hasTrait(const ProcessTraits& traits, const std::string& process, const ProcessStat& stat) {
    if (traits.session != 0 && stat.session == traits.session) return true;
    if (!traits.workingDirectory.empty() && (traits.program.empty() || traits.program == stat.name) &&
        readLink(process + "/cwd") == traits.workingDirectory)
        return true;
    return !traits.environmentMark.empty() && hasEntry(readEnvironment(process), traits.environmentMark);
}

std::set<pid_t> ourselvesAndAncestors(const std::map<pid_t, ProcessStat>& processes) {
    std::set<pid_t> spared{1};
    for (pid_t pid = ::getpid(); pid > 1 && spared.insert(pid).second;) {
        const auto found = processes.find(pid);
        pid = found == processes.end() ? 0 : found->second.parent;
    }
    return spared;
}

} // namespace

Result<std::vector<FoundProcess>> findProcesses(const ProcessTraits& traits) {
    const std::string ownNamespace = readLink("/proc/self/ns/pid");
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
    if (!directory || ownNamespace.empty() || readLink("/proc/self") != std::to_string(::getpid()))
        return systemError("look through", "/proc", directory ? ENOENT : errno,
                           "Mount proc for the pid namespace that the service runs in");

    std::map<pid_t, ProcessStat> processes;
    while (const dirent* entry = ::readdir(directory.get())) {
        pid_t pid = 0;
        const char* end = entry->d_name + std::strlen(entry->d_name);
        if (std::from_chars(entry->d_name, end, pid).ptr != end || pid <= 0) continue;
        if (processes.size() >= maxProcessesScanned)
            return Error{
                "look through", "/proc", "more than " + std::to_string(maxProcessesScanned) + " processes", {}};
        const Result<ProcessStat> stat = readProcessStat(pid);
        if (stat) processes.emplace(pid, stat.value());
    }

    const std::set<pid_t> spared = ourselvesAndAncestors(processes);
    std::set<pid_t> belonging;
    for (const auto& [pid, stat] : processes)
        if (!spared.contains(pid) && hasTrait(traits, "/proc/" + std::to_string(pid), stat)) belonging.insert(pid);
    // Descendants: each round adds at least one process or ends.
    for (bool grown = !belonging.empty(); grown;) {
        grown = false;
        for (const auto& [pid, stat] : processes)
            if (belonging.contains(stat.parent) && !spared.contains(pid)) grown |= belonging.insert(pid).second;
    }

    std::vector<FoundProcess> found;
    for (const pid_t pid : belonging) {
        const ProcessIdentity identity{pid, processes.at(pid).startTime};
        Result<FileDescriptor> pidfd = openProcess(identity); // refuses who has ended, and numbers that changed hands
        if (!pidfd || readLink("/proc/" + std::to_string(pid) + "/ns/pid") != ownNamespace) continue;
        found.push_back({identity, std::move(pidfd).value()});
    }
    return found;
}

void killAll(const std::vector<FoundProcess>& processes) {
    for (const FoundProcess& process : processes)
        (void)sendSignal(process.pidfd, SIGKILL);
}

} // namespace dyad::platform
