// SPDX-License-Identifier: Apache-2.0
// A process id is used again after its process has ended; together with its start time it names one process for good.
#pragma once

#include "base/result.h"

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace dyad::heart {

struct ProcessIdentity {
    pid_t process = 0;
    std::uint64_t start = 0; // clock ticks since boot: proc(5), /proc/PID/stat, field 22

    bool operator==(const ProcessIdentity&) const = default;
};

// Nothing: there is no such process, or it has ended and only waits to be reaped.
[[nodiscard]] std::optional<ProcessIdentity> identify(pid_t process);
[[nodiscard]] inline bool isLiving(const ProcessIdentity& identity) { return identify(identity.process) == identity; }

// A descriptor that becomes readable when the process ends (pidfd_open(2)); the caller closes it. Fails when it is
// gone.
[[nodiscard]] Result<int> watchProcess(const ProcessIdentity& identity);
// To just that process, through its descriptor. A process that is gone already is no error.
void signalProcess(int watchDescriptor, int signal);

} // namespace dyad::heart
