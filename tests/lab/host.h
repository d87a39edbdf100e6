// SPDX-License-Identifier: Apache-2.0
// A host of the lab: net, pid, mount, uts and ipc namespaces of its own, a root of its own (the machine's /usr, nothing
// else of it), a disk that survives a power-off (/var/lib, /etc) and a first process that starts the service.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "lab/command.h"
#include "lab/processes.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::lab {

inline constexpr const char* hostNames[2] = {"alpha", "beta"};
[[nodiscard]] std::string otherHost(const std::string& host);

// Writes the empty disk of a host: /etc with what programs need to run, /var/lib. Once, before the first power-on.
[[nodiscard]] Result<void> makeHostDisk(const std::string& host);

// A boot: fresh namespaces, a fresh boot id, a fresh /run, the same disk. Blocks until the first process runs
// (30-60 ms); the service starts after that. Does nothing to a host that is on.
[[nodiscard]] Result<void> powerOn(const std::string& host);
// The cables go first and all at once, then SIGKILL to the host's first process. Blocks until nothing of it is left.
// Gives the instant (CLOCK_MONOTONIC) at which the cables went.
[[nodiscard]] Result<Instant> powerOff(const std::string& host);
// SIGTERM to the first process: the service stops in order first.
[[nodiscard]] Result<void> shutDown(const std::string& host, Duration deadline);
[[nodiscard]] bool isOn(const std::string& host);
[[nodiscard]] std::optional<ProcessRecord> firstProcess(const std::string& host);

// Every process of the host stands still for so long; blocks meanwhile.
[[nodiscard]] Result<void> freeze(const std::string& host, Duration howLong);
[[nodiscard]] Result<void> setFrozen(const std::string& host, bool frozen);

// The command line that runs a program inside the host.
[[nodiscard]] Result<std::vector<std::string>> insideHost(const std::string& host,
                                                          const std::vector<std::string>& command);
[[nodiscard]] Result<CommandOutput> runInHost(const std::string& host, const std::vector<std::string>& command,
                                              const CommandOptions& options = {});
// The pids (as the machine numbers them) of the host's processes whose program has this name.
[[nodiscard]] std::vector<pid_t> findInHost(const std::string& host, const std::string& program);
// The first of them, a server's main process; 0 where there is none.
[[nodiscard]] pid_t oldestInHost(const std::string& host, const std::string& program);

// Whether the first process starts the service at the next power-on, and starts it again when it dies.
void setServiceWanted(const std::string& host, bool wanted);

// How far the host's monotonic clock is ahead of the machine's; written before a power-on, holds from then on. What the
// host writes (its journal) is in its own time. Zero where nothing was set.
[[nodiscard]] Result<void> setMonotonicAhead(const std::string& host, Duration ahead);
[[nodiscard]] Duration monotonicAhead(const std::string& host);

[[nodiscard]] std::string journalPath(const std::string& host); // as the machine sees it
[[nodiscard]] std::string serviceLogPath(const std::string& host);

[[nodiscard]] Instant monotonicNow();

// `dyad-lab internal host NAME`: becomes the host's first process.
int hostMain(const std::string& host);

} // namespace dyad::lab
