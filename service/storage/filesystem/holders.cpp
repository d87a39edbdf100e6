// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/holders.h"

#include "platform/linux/process_identity.h"
#include "storage/filesystem/mount_table.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace dyad::storage {
namespace {

constexpr std::size_t maxAncestors = 64;

bool under(const std::string& path, const std::string& mountPoint) {
    return path.compare(0, mountPoint.size(), mountPoint) == 0 &&
           (path.size() == mountPoint.size() || path[mountPoint.size()] == '/');
}

std::string linkTarget(const std::string& path) {
    std::array<char, PATH_MAX> text{};
    const ssize_t length = ::readlink(path.c_str(), text.data(), text.size());
    return length > 0 ? std::string(text.data(), static_cast<std::size_t>(length)) : std::string();
}

bool holds(const std::string& process, const std::string& mountPoint) {
    for (const char* link : {"/cwd", "/root", "/exe"})
        if (under(linkTarget(process + link), mountPoint)) return true;
    std::error_code error;
    for (auto each = std::filesystem::directory_iterator(process + "/fd", error);
         !error && each != std::filesystem::directory_iterator(); each.increment(error))
        if (under(linkTarget(each->path()), mountPoint)) return true;
    std::ifstream maps(process + "/maps");
    for (std::string line; std::getline(maps, line);) {
        const std::size_t slash = line.find('/');
        if (slash != std::string::npos && under(line.substr(slash), mountPoint)) return true;
    }
    return false;
}

bool seesDevice(const std::string& process, const std::string& mountPoint, DeviceNumber device) {
    const auto mounted = mountedAt(mountPoint, process + "/mountinfo"); // a zombie's is empty: it holds nothing
    return mounted && DeviceNumber{mounted->major, mounted->minor} == device;
}

bool hasOpen(const std::string& process, const std::string& device) {
    std::error_code error;
    for (auto each = std::filesystem::directory_iterator(process + "/fd", error);
         !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
        if (linkTarget(each->path()) != device) continue;
        struct stat opened {};
        // A device file's attributes, nothing of a filesystem that may hang.
        if (::stat(each->path().c_str(), &opened) == 0 && S_ISBLK(opened.st_mode) &&
            DeviceNumber{major(opened.st_rdev), minor(opened.st_rdev)} == loopNumber(device))
            return true;
    }
    return false;
}

// Init, and the chain of parents of this process.
std::vector<pid_t> sparedProcesses() {
    std::vector<pid_t> spared{1};
    pid_t pid = ::getppid();
    while (pid > 1 && spared.size() < maxAncestors) {
        spared.push_back(pid);
        const auto stat = platform::readProcessStat(pid);
        if (!stat) break;
        pid = stat.value().parent;
    }
    return spared;
}

std::vector<Holder> findProcesses(const std::function<bool(const std::string& process)>& wanted) {
    std::vector<Holder> holders;
    const std::vector<pid_t> spared = sparedProcesses();
    std::error_code error;
    for (auto each = std::filesystem::directory_iterator("/proc", error);
         !error && each != std::filesystem::directory_iterator() && holders.size() < maxHolders;
         each.increment(error)) {
        const std::string name = each->path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const pid_t pid = static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10));
        if (pid == ::getpid() || !wanted(each->path())) continue;
        Holder holder{pid, {}, std::find(spared.begin(), spared.end(), pid) != spared.end()};
        std::ifstream comm(each->path() / "comm");
        std::getline(comm, holder.name);
        holders.push_back(std::move(holder));
    }
    return holders;
}

} // namespace

DeviceNumber loopNumber(const std::string& loopDevice) {
    const std::size_t digits = loopDevice.find_first_of("0123456789");
    if (digits == std::string::npos) return {};
    return {7, static_cast<unsigned>(std::strtoul(loopDevice.c_str() + digits, nullptr, 10))};
}

std::vector<Holder> findHolders(const std::string& mountPoint, DeviceNumber device) {
    return findProcesses([&](const std::string& process) {
        return holds(process, mountPoint) && seesDevice(process, mountPoint, device);
    });
}

std::vector<Holder> findOpeners(const std::string& device) {
    return findProcesses([&](const std::string& process) { return hasOpen(process, device); });
}

std::string toText(const std::vector<Holder>& holders) {
    std::string text;
    for (std::size_t i = 0; i < holders.size() && i < maxHoldersNamed; ++i)
        text += (i == 0 ? "" : ", ") + holders[i].name + " (" + std::to_string(holders[i].pid) + ")";
    if (holders.size() > maxHoldersNamed) text += " and " + std::to_string(holders.size() - maxHoldersNamed) + " more";
    return text;
}

} // namespace dyad::storage
