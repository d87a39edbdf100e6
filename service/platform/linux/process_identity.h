// SPDX-License-Identifier: Apache-2.0
// Which process is meant, also after its parent has been restarted: a pid alone may be given to somebody else.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <sys/types.h>

#include "base/result.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::platform {

struct ProcessIdentity {
    pid_t pid = 0;
    std::uint64_t startTime = 0; // field 22 of /proc/PID/stat: clock ticks since the host's boot

    auto operator<=>(const ProcessIdentity&) const = default;
};

// What /proc/PID/stat says of a process; proc(5).
struct ProcessStat {
    std::string name; // of the program, as /proc/PID/comm has it: at most 15 characters
    char state = '?'; // of its first thread; 'Z': that one has ended
    pid_t parent = 0;
    pid_t session = 0;
    std::uint64_t startTime = 0;
};

// Error: there is no such process (ESRCH), or /proc can't be read. Doesn't block.
[[nodiscard]] Result<ProcessStat> readProcessStat(pid_t pid);
[[nodiscard]] Result<ProcessIdentity> identityOf(pid_t pid);

// A pidfd of just this process; it becomes readable when its last thread has ended. Error: that is so already (it is a
// zombie, or gone), or its pid belongs to another process now. Doesn't block.
[[nodiscard]] Result<FileDescriptor> openProcess(const ProcessIdentity& identity);

// Through the pidfd, so that it never hits a stranger. A process that has already ended is no error.
[[nodiscard]] Result<void> sendSignal(const FileDescriptor& pidfd, int signal);

// The pidfd of a process that may have ended: true once it has. Doesn't block.
[[nodiscard]] bool hasEnded(const FileDescriptor& pidfd);

// The one line "PID STARTTIME" of a record file, and back. Writing replaces the file in one step (rename).
// Reading a file that isn't there or holds something else is an error with the path in it.
[[nodiscard]] Result<void> writeIdentity(const std::string& path, const ProcessIdentity& identity);
[[nodiscard]] Result<ProcessIdentity> readIdentity(const std::string& path);

} // namespace dyad::platform
