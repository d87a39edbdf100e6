// SPDX-License-Identifier: Apache-2.0
// A record of a process that the lab started: pid and start time, so that a number used again is never killed.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace dyad::lab {

struct ProcessRecord {
    pid_t pid = 0;
    std::uint64_t startTicks = 0; // field 22 of /proc/PID/stat
};

// Of a living process; none for one that is gone or a zombie.
[[nodiscard]] std::optional<ProcessRecord> recordOf(pid_t pid);
[[nodiscard]] bool isAlive(const ProcessRecord& record);

// STATE/processes/NAME
[[nodiscard]] Result<void> writeRecord(const std::string& name, const ProcessRecord& record);
[[nodiscard]] std::optional<ProcessRecord> readRecord(const std::string& name);
void removeRecord(const std::string& name);
[[nodiscard]] std::vector<std::string> recordedNames();

// SIGKILL, then waits until it is gone. Does nothing to a process with another start time.
[[nodiscard]] Result<void> killAndWait(const ProcessRecord& record, Duration deadline = 10s);

// The kernel's short name of its program; empty when it is gone.
[[nodiscard]] std::string programNameOf(pid_t pid);

// Every process that lives in the pid namespace of `init`, as the machine numbers them.
[[nodiscard]] std::vector<pid_t> processesBelow(const ProcessRecord& init);

} // namespace dyad::lab
