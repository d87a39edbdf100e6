// SPDX-License-Identifier: Apache-2.0
// Whether this host passes packets on that are not for itself.
#pragma once

#include <string>

#include "base/result.h"

namespace dyad::agents {

// IPv4: switched on where it is off; true where that was done. It stays on: others may count on it by then.
// IPv6: only looked at, because a host that forwards no longer hears its router (accept_ra): off is an error.
// `root` is /proc/sys/net but for tests.
[[nodiscard]] Result<bool> needForwarding(bool six, const std::string& root = "/proc/sys/net");

} // namespace dyad::agents
