// SPDX-License-Identifier: Apache-2.0
// The frame around ARP and neighbour discovery.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/byte_order.h"
#include "network/ip_address.h"

namespace dyad::network {

inline constexpr std::size_t ethernetHeaderBytes = 14;
inline constexpr std::uint16_t etherTypeArp = 0x0806;
inline constexpr std::uint16_t etherTypeIpv6 = 0x86dd;
inline constexpr HardwareAddress everybody{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

inline void putEthernetHeader(std::span<std::uint8_t> frame, const HardwareAddress& to, const HardwareAddress& from,
                              std::uint16_t type) {
    std::copy(to.begin(), to.end(), frame.begin());
    std::copy(from.begin(), from.end(), frame.begin() + 6);
    storeBig(frame.subspan(12), type);
}

} // namespace dyad::network
