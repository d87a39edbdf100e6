// SPDX-License-Identifier: Apache-2.0
#include "lab/world.h"

#include "lab/array.h"
#include "lab/chaos/host_disk.h"
#include "lab/command.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/network.h"
#include "lab/paths.h"
#include "lab/processes.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

namespace dyad::lab {

namespace fs = std::filesystem;

namespace {

constexpr const char* smallDiskOptions = "mode=755,size=96m";

// Mount points below the lab's folders as this process sees them, the deepest first.
std::vector<std::string> mountsBelow(const std::string& folder) {
    std::vector<std::string> found;
    std::ifstream table("/proc/self/mountinfo");
    std::string line;
    while (std::getline(table, line)) {
        std::istringstream fields(line);
        std::string word;
        for (int i = 0; i < 5; ++i)
            fields >> word;
        if (word.starts_with(folder + "/")) found.push_back(word);
    }
    std::sort(found.begin(), found.end(), std::greater<>());
    return found;
}

// The logs go with the lab: what they say is shown before.
std::string logTails() {
    std::string text;
    std::error_code error;
    for (const auto& entry :
         fs::recursive_directory_iterator(diskFolder(), fs::directory_options::skip_permission_denied, error)) {
        if (entry.path().extension() != ".log" || !entry.is_regular_file(error)) continue;
        auto tail = run({"tail", "-n", "15", entry.path().string()});
        if (tail && !tail.value().text.empty()) text += "\n--- " + entry.path().string() + "\n" + tail.value().text;
    }
    return text;
}

Result<void> build(const UpOptions& options) {
    std::error_code error;
    for (const std::string& folder : {stateFolder(), diskFolder()}) {
        fs::create_directories(folder, error);
        if (error) return Error{"make the folder", folder, error.message(), ""};
    }
    for (const char* host : hostNames) {
        if (auto made = makeHostDisk(host); !made) return made;
        if (options.smallDisks) {
            const std::string disk = hostFolder(host) + "/var-lib";
            if (mount("tmpfs", disk.c_str(), "tmpfs", MS_NOSUID, smallDiskOptions) != 0)
                return Error{"mount a small disk at", disk, errnoText(errno), ""};
            fs::create_directories(disk + "/dyad", error);
        }
        if (options.movableClocks)
            if (auto made = makeMovableClock(host); !made) return made;
        if (options.betaAhead != Duration(0) && std::string(host) == "beta")
            if (auto set = setMonotonicAhead(host, options.betaAhead); !set) return set;
        setServiceWanted(host, options.service);
    }
    if (auto written = writeSettings(options.pair); !written) return written;
    if (auto laid = layOutImages(); !laid) return laid;
    if (auto built = buildNetwork(); !built) return built;
    if (auto started = startArray(); !started) return started;
    if (!options.powerOn) return {};
    for (const char* host : hostNames)
        if (auto on = powerOn(host); !on) return on;
    return {};
}

} // namespace

Result<void> bringUp(const UpOptions& options) {
    if (fs::exists(stateFolder() + "/net"))
        if (auto down = takeDown(); !down) return down;
    auto built = build(options);
    if (built) return built;
    Error trouble = built.error();
    trouble.cameBack += logTails();
    [[maybe_unused]] const auto ignored = takeDown();
    return trouble;
}

Result<void> takeDown() {
    std::optional<Error> trouble;
    const auto keep = [&](const Result<void>& result) {
        if (!result && !trouble) trouble = result.error();
    };
    // The hosts first, and as a power failure ends them: the process that serves a disk before whatever hangs on the
    // disk.
    for (const char* host : hostNames)
        if (const auto off = powerOff(host); !off) keep(off.error());
    for (const auto& name : recordedNames()) {
        const auto record = readRecord(name);
        if (record) keep(killAndWait(*record));
        removeRecord(name);
    }
    for (const auto& root : {stateFolder(), diskFolder()}) {
        for (const auto& point : mountsBelow(root))
            if (umount2(point.c_str(), MNT_DETACH) != 0) keep(Error{"unmount", point, errnoText(errno), ""});
        std::error_code error;
        fs::remove_all(root, error);
        if (error) keep(Error{"remove", root, error.message(), ""});
        fs::remove(fs::path(root).parent_path(), error); // only when no other lab lives there
    }
    if (trouble) return *trouble;
    return {};
}

std::vector<std::string> describe() {
    std::vector<std::string> lines;
    if (!fs::exists(stateFolder() + "/net")) {
        lines.push_back("the lab is down");
        return lines;
    }
    for (const char* host : hostNames) {
        const auto record = firstProcess(host);
        std::string line = std::string(host) + ": " + (record ? "on" : "off");
        if (record) {
            line += ", " + std::to_string(processesBelow(*record).size()) + " processes";
            line += findInHost(host, "dyadd").empty() ? ", dyadd does not run" : ", dyadd runs";
        }
        lines.push_back(line);
    }
    lines.push_back(std::string("array: ") + (arrayRuns() ? "on, " : "off, ") + lunUrl(dataLun));
    return lines;
}

Result<LabLock> LabLock::take() {
    const std::string path = "/run/lock/dyad-lab-" + labName();
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return Error{"open the lock", path, errnoText(errno), "Is this run as root?"};
    if (flock(file, LOCK_EX | LOCK_NB) != 0) {
        close(file);
        return Error{"take the lab", labName(), "another program uses it",
                     "Wait for it, or choose another name with DYAD_LAB_NAME."};
    }
    return LabLock(file);
}

LabLock::~LabLock() {
    if (m_file >= 0) close(m_file);
}

LabLock::LabLock(LabLock&& other) noexcept : m_file(std::exchange(other.m_file, -1)) {}

} // namespace dyad::lab
