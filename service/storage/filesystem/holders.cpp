// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/holders.h"

#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace dyad::storage {
namespace {

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

} // namespace

std::vector<Holder> findHolders(const std::string& mountPoint) {
    std::vector<Holder> holders;
    std::error_code error;
    for (auto each = std::filesystem::directory_iterator("/proc", error);
         !error && each != std::filesystem::directory_iterator() && holders.size() < maxHolders; each.increment(error)) {
        const std::string name = each->path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const pid_t pid = static_cast<pid_t>(std::strtol(name.c_str(), nullptr, 10));
        if (pid == ::getpid() || !holds(each->path(), mountPoint)) continue;
        Holder holder{pid, {}};
        std::ifstream comm(each->path() / "comm");
        std::getline(comm, holder.name);
        holders.push_back(std::move(holder));
    }
    return holders;
}

std::string toText(const std::vector<Holder>& holders) {
    std::string text;
    for (std::size_t i = 0; i < holders.size() && i < maxHoldersNamed; ++i)
        text += (i == 0 ? "" : ", ") + holders[i].name + " (" + std::to_string(holders[i].pid) + ")";
    if (holders.size() > maxHoldersNamed) text += " and " + std::to_string(holders.size() - maxHoldersNamed) + " more";
    return text;
}

} // namespace dyad::storage
