// SPDX-License-Identifier: Apache-2.0
// IPv6 neighbour discovery packets: RFC 4861, and duplicate address detection: RFC 4862 section 5.4.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "network/ethernet.h"

namespace dyad::network {

inline constexpr std::size_t ipv6HeaderBytes = 40;
using NeighbourAdvertisement = std::array<std::uint8_t, ethernetHeaderBytes + ipv6HeaderBytes + 32>;
using NeighbourSolicitation = std::array<std::uint8_t, ethernetHeaderBytes + ipv6HeaderBytes + 24>;

// Unsolicited, to all nodes, with the override flag: who knew another hardware address forgets it (RFC 4861 7.2.6).
[[nodiscard]] NeighbourAdvertisement unsolicitedAdvertisement(const HardwareAddress& own, const IpAddress& address);

// Duplicate address detection: from the unspecified address to the solicited-node group of `address`, without a
// source link-layer option (RFC 4862 5.4.2).
[[nodiscard]] NeighbourSolicitation duplicateSolicitation(const HardwareAddress& own, const IpAddress& address);

// "Who has it? Tell `source`": from this host's own address to the solicited-node group (RFC 4861 7.2.2).
[[nodiscard]] NeighbourAdvertisement neighbourQuestion(const HardwareAddress& own, const IpAddress& source,
                                                       const IpAddress& address);

// ff02::1:ffXX:XXXX (RFC 4291 2.7.1) and the Ethernet group it maps to (RFC 2464 section 7).
[[nodiscard]] IpAddress solicitedNodeGroup(const IpAddress& address);
[[nodiscard]] HardwareAddress hardwareGroup(const IpAddress& group);

// Who says in this packet that `address` is his: an advertisement of it, or a solicitation that is sent from it (who is
// asked learns the asker's hardware address, RFC 4861 7.2.3). The same is checked as below.
[[nodiscard]] std::optional<HardwareAddress> neighbourClaim(std::span<const std::uint8_t> frame,
                                                            const HardwareAddress& own, const IpAddress& address);

// Whose packet shows that `address` is in use (an advertisement of it), or is being probed for, by somebody else.
// Checks what RFC 4861 7.1 wants checked (hop limit 255, code, checksum, length); anything else: nobody.
[[nodiscard]] std::optional<HardwareAddress> neighbourConflict(std::span<const std::uint8_t> frame,
                                                               const HardwareAddress& own, const IpAddress& address);

// ICMPv6 checksum over the pseudo-header (RFC 4443 2.3, RFC 8200 8.1) of an IPv6 packet that starts at the IPv6
// header; the checksum field of the packet counts as it stands.
[[nodiscard]] std::uint16_t icmp6Checksum(std::span<const std::uint8_t> packet);

} // namespace dyad::network
