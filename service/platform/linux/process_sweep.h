// SPDX-License-Identifier: Apache-2.0
// Finds every process that belongs to a resource, whoever its parent is by now.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "platform/linux/process_identity.h"

namespace dyad::platform {

inline constexpr std::size_t maxProcessesScanned = 65536;
inline constexpr std::size_t maxEnvironmentBytes = 256 * 1024; // the mark is looked for in this much of a process's own

// A process belongs if any of these is true of it or of one of its ancestors. One trait isn't enough: PostgreSQL's
// backends begin sessions of their own and write their titles over their environment; others clear it ("env -i").
struct ProcessTraits {
    std::string environmentMark;  // "DYAD_RESOURCE=erp/db": one whole entry of its environment; empty: none
    pid_t session = 0;            // the session that the resource's process leads or led; 0: none
    std::string workingDirectory; // runs in just this directory (as /proc/PID/cwd spells it); empty: none
    std::string program;          // with workingDirectory: only programs of this name (/proc/PID/comm)
};

struct FoundProcess {
    ProcessIdentity identity;
    FileDescriptor pidfd;
};

// Only processes of our own pid namespace, never ourselves, our ancestors or init; zombies don't count.
// Doesn't touch the disks that the processes use, so that it works with a dead array. Error: /proc can't be read.
// Costs tens of microseconds per process of the host; doesn't wait.
[[nodiscard]] Result<std::vector<FoundProcess>> findProcesses(const ProcessTraits& traits);

// SIGKILL to each. The caller waits by the pidfds and looks again: one may have forked meanwhile.
void killAll(const std::vector<FoundProcess>& processes);

} // namespace dyad::platform
