// SPDX-License-Identifier: Apache-2.0
// Who is connected now, as the kernel lists it in /proc/net/tcp and tcp6.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace dyad::platform {

// Established TCP connections whose own end is one of `addresses` (numeric, without prefix). Reads procfs: a few
// milliseconds for ten thousand connections. Never more than `maxTcpLines` lines are looked at.
inline constexpr std::size_t maxTcpLines = 50000;
[[nodiscard]] Result<std::size_t> establishedTo(const std::vector<std::string>& addresses);

// The same, of the text of one such file; `family` is 4 or 6.
[[nodiscard]] std::size_t establishedIn(const std::string& text, int family, const std::vector<std::string>& addresses);

} // namespace dyad::platform
