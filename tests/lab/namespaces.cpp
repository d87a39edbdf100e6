// SPDX-License-Identifier: Apache-2.0
#include "lab/namespaces.h"

#include "lab/command.h"
#include "lab/paths.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sched.h>
#include <sys/mount.h>
#include <thread>
#include <unistd.h>

namespace dyad::lab {

std::string networkPath(const std::string& name) { return stateFolder() + "/net/" + name; }

Result<void> makeNetwork(const std::string& name) {
    const std::string path = networkPath(name);
    std::error_code error;
    std::filesystem::create_directories(stateFolder() + "/net", error);
    std::ofstream(path).close();
    std::optional<Error> trouble;
    std::thread maker([&] {
        if (unshare(CLONE_NEWNET) != 0) {
            trouble = Error{"make the network namespace", name, errnoText(errno), "Is this run as root?"};
            return;
        }
        if (mount("/proc/thread-self/ns/net", path.c_str(), nullptr, MS_BIND, nullptr) != 0)
            trouble = Error{"pin the network namespace at", path, errnoText(errno), ""};
    });
    maker.join();
    if (trouble) return *trouble;
    return {};
}

void removeNetwork(const std::string& name) {
    const std::string path = networkPath(name);
    while (umount2(path.c_str(), MNT_DETACH) == 0) {
    }
    unlink(path.c_str());
}

Result<void> enterNetwork(const std::string& name) {
    const std::string path = networkPath(name);
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return Error{"open the network namespace", path, errnoText(errno), "Is the lab up?"};
    const int status = setns(descriptor, CLONE_NEWNET);
    const int reason = errno;
    close(descriptor);
    if (status != 0) return Error{"enter the network namespace", path, errnoText(reason), ""};
    return {};
}

Result<void> insideNetwork(const std::string& name, const std::function<void()>& work) {
    std::optional<Error> trouble;
    std::thread worker([&] {
        const auto entered = enterNetwork(name);
        if (!entered) {
            trouble = entered.error();
            return;
        }
        work();
    });
    worker.join();
    if (trouble) return *trouble;
    return {};
}

} // namespace dyad::lab
