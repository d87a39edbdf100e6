// SPDX-License-Identifier: Apache-2.0
#include "heart/process_identity.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace dyad::heart {

std::optional<ProcessIdentity> identify(pid_t process) {
    if (process <= 0) return std::nullopt;
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/stat", static_cast<int>(process));
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    char text[1024];
    const ssize_t got = ::read(file, text, sizeof text - 1);
    ::close(file);
    if (got <= 0) return std::nullopt;
    text[got] = '\0';

    // The second field is the program's name in parentheses and may hold anything, spaces and parentheses too.
    const char* at = std::strrchr(text, ')');
    if (at == nullptr || std::strlen(at) < 3) return std::nullopt;
    at += 2;
    const char state = *at; // the third field
    if (state == 'Z' || state == 'X') return std::nullopt;
    for (int field = 3; field < 22; ++field) {
        at = std::strchr(at, ' ');
        if (at == nullptr) return std::nullopt;
        ++at;
    }
    return ProcessIdentity{process, std::strtoull(at, nullptr, 10)};
}

Result<int> watchProcess(const ProcessIdentity& identity) {
    const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, identity.process, 0));
    const std::string name = "process " + std::to_string(identity.process);
    if (descriptor < 0)
        return Error{"watch", name, std::string(std::strerror(errno)) + " (" + std::to_string(errno) + ")", ""};
    // Looked at again now that the descriptor pins it: had the id been used anew, this would be another process.
    if (!isLiving(identity)) {
        ::close(descriptor);
        return Error{"watch", name, "it has ended", ""};
    }
    return descriptor;
}

void signalProcess(int watchDescriptor, int signal) {
    ::syscall(SYS_pidfd_send_signal, watchDescriptor, signal, nullptr, 0);
}

} // namespace dyad::heart
