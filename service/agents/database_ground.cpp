// SPDX-License-Identifier: Apache-2.0
#include "agents/database_ground.h"

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/linux/system_error.h"

namespace dyad::agents {

std::string plainDirectory(std::string directory) {
    while (directory.size() > 1 && directory.ends_with('/'))
        directory.pop_back();
    return directory;
}

Result<void> checkDataDirectory(const std::string& directory, const std::string& canonical, const std::string& proof,
                                const platform::UserAccount& user, const std::string& remedy) {
    struct stat status {};
    if (::stat((directory + "/" + proof).c_str(), &status) != 0)
        return platform::systemError("use data directory", directory, errno, remedy);
    if (::stat(directory.c_str(), &status) != 0) return platform::systemError("use data directory", directory, errno);
    if (status.st_uid != user.user)
        return Error{"use data directory", directory,
                     "it belongs to user number " + std::to_string(status.st_uid) + ", not to " + user.name,
                     "Give user " + user.name + " the same number on both nodes"};
    // The server's processes are found by their working directory, which the kernel spells without symbolic links.
    std::error_code trouble;
    const std::string real = std::filesystem::canonical(directory, trouble).string();
    if (trouble) return platform::systemError("use data directory", directory, trouble.value());
    if (real != canonical)
        return Error{"use data directory", directory, "its path leads over a symbolic link or isn't plain",
                     "Configure it as " + real};
    return {};
}

Result<std::vector<pid_t>> serversOfOthers(const std::string& canonical, const std::vector<std::string>& programs,
                                           const std::string& recordFile) {
    const Result<platform::ProcessIdentity> own = platform::readIdentity(recordFile);
    std::vector<pid_t> others;
    for (const std::string& program : programs) {
        platform::ProcessTraits traits;
        traits.workingDirectory = canonical;
        traits.program = program;
        const Result<std::vector<platform::FoundProcess>> living = platform::findProcesses(traits);
        if (!living) return living.error();
        for (const platform::FoundProcess& process : living.value())
            if (!(own && own.value() == process.identity)) others.push_back(process.identity.pid);
    }
    return others;
}

Result<void> makeSocketDirectory(const std::string& directory, const platform::UserAccount& user, mode_t mode) {
    std::error_code trouble;
    const bool made = std::filesystem::create_directories(directory, trouble);
    if (trouble) return platform::systemError("make socket directory", directory, trouble.value());
    if (!made) return {};
    if (::chown(directory.c_str(), user.user, user.group) != 0 || ::chmod(directory.c_str(), mode) != 0)
        return platform::systemError("prepare socket directory", directory, errno);
    return {};
}

} // namespace dyad::agents
