// SPDX-License-Identifier: Apache-2.0
// What is really there, asked of the kernel and not of the services.
#pragma once

#include <string>
#include <vector>

namespace dyad::lab {

// The hosts that have something mounted at the path (a path of the host).
[[nodiscard]] std::vector<std::string> hostsWithMount(const std::string& path);
// The hosts that have the IPv4 address on one of their interfaces.
[[nodiscard]] std::vector<std::string> hostsWithAddress(const std::string& address);

} // namespace dyad::lab
