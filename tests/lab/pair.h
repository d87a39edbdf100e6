// SPDX-License-Identifier: Apache-2.0
// What the lab asks of the running pair: who owns a group, and the orders of an operator, given with `dyad` on a host.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::lab {

// The host on which the group's last resource runs, told by the services' journals and by what is really there: the
// floating address on its public link. None: on neither or on both.
[[nodiscard]] std::optional<std::string> ownerByAddress();
// Whether the host is on and has this IPv4 address on one of its interfaces.
[[nodiscard]] bool hasAddress(const std::string& host, const std::string& address);
// Blocks until exactly `host` has the floating address; false after the deadline.
[[nodiscard]] bool waitForOwner(const std::string& host, Duration deadline);
// Runs `dyad WORDS...` on the host; its output.
[[nodiscard]] Result<std::string> dyadOn(const std::string& host, const std::vector<std::string>& words,
                                         Duration deadline = 30s);
// Blocks until the service on the host answers `dyad status`.
[[nodiscard]] Result<void> waitForService(const std::string& host, Duration deadline);
// Blocks until both hosts have written, since then, that they hear their peer.
[[nodiscard]] Result<void> waitForEachOther(Instant since, Duration deadline);

} // namespace dyad::lab
