// SPDX-License-Identifier: Apache-2.0
// Echo requests and replies: ICMP (RFC 792) and ICMPv6 (RFC 4443 section 4).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "network/ip_address.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::network {

using EchoMessage = std::array<std::uint8_t, 8 + 8>; // header and our token

struct EchoIdentity {
    std::uint16_t identifier = 0;
    std::uint64_t token = 0; // so that a reply to another program isn't taken for ours
};

// The ICMPv6 checksum is left to the kernel, which knows the source address.
[[nodiscard]] EchoMessage echoRequest(bool six, const EchoIdentity& identity, std::uint16_t sequence);
// The sequence number of a reply to us, else none. `packet` as the raw socket gives it: IPv4 with its IP header, IPv6
// without.
[[nodiscard]] std::optional<std::uint16_t> echoReply(bool six, const EchoIdentity& identity,
                                                     std::span<const std::uint8_t> packet);
// RFC 1071.
[[nodiscard]] std::uint16_t internetChecksum(std::span<const std::uint8_t> bytes);

// A raw socket connected to `to`: it hears echo replies of that host only. Non-blocking. Needs CAP_NET_RAW.
// `zone`: interface name for a link-local address, or empty.
[[nodiscard]] Result<platform::FileDescriptor> openEchoSocket(const IpAddress& to, const std::string& zone);

} // namespace dyad::network
