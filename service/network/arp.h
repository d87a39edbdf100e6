// SPDX-License-Identifier: Apache-2.0
// ARP packets for IPv4 over Ethernet: RFC 826, with the meanings that RFC 5227 gives to announcement and probe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "network/ethernet.h"

namespace dyad::network {

using ArpFrame = std::array<std::uint8_t, ethernetHeaderBytes + 28>;

// "I have it": request form, as RFC 5227 section 3 wants it, ...
[[nodiscard]] ArpFrame arpAnnouncement(const HardwareAddress& own, const IpAddress& address);
// ... and reply form, for the neighbours that learn from replies only.
[[nodiscard]] ArpFrame arpAnnouncementReply(const HardwareAddress& own, const IpAddress& address);
// "Has anybody got it?": RFC 5227 section 2.1.1; the sender's IP address is zero so that no neighbour learns from it.
[[nodiscard]] ArpFrame arpProbe(const HardwareAddress& own, const IpAddress& address);

// RFC 5227 section 2.4: who says in this packet, whatever else it asks or answers, that `address` is his. A host that
// merely sends from the address says so, too: a question to its neighbour carries it, and neighbours learn from that.
[[nodiscard]] std::optional<HardwareAddress> arpClaim(std::span<const std::uint8_t> frame, const HardwareAddress& own,
                                                      const IpAddress& address);

// RFC 5227 section 2.1.1: whose packet shows that `address` is in use, or is being probed for, by somebody else.
// Anything that isn't such a packet, of whatever size: nobody.
[[nodiscard]] std::optional<HardwareAddress> arpConflict(std::span<const std::uint8_t> frame,
                                                         const HardwareAddress& own, const IpAddress& address);

} // namespace dyad::network
