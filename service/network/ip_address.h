// SPDX-License-Identifier: Apache-2.0
// An IPv4 or IPv6 address, and the hardware address of an Ethernet interface, as values.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/ip_address.h"

namespace dyad::network {

using dyad::IpAddress;
using dyad::parseIpAddress;

using HardwareAddress = std::array<std::uint8_t, 6>;
[[nodiscard]] std::string toText(const HardwareAddress& address); // "02:00:00:00:00:01"

} // namespace dyad::network
