// SPDX-License-Identifier: Apache-2.0
// Numeric addresses as people write them. Names are never resolved: a takeover doesn't wait for a name server.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dyad::config {

struct NumericAddress {
    bool isIpv6 = false;
    std::array<std::uint8_t, 16> bytes{}; // IPv4: the first four
    std::string zone;                     // interface of an IPv6 link-local address; else empty
    std::string text;                     // the one canonical spelling (RFC 5952), with "%zone"

    [[nodiscard]] bool isUnspecified() const;
    [[nodiscard]] bool isMulticast() const;
    [[nodiscard]] bool isBroadcast() const; // 255.255.255.255
    [[nodiscard]] bool isLinkLocalIpv6() const;
    // All bits behind the prefix are zero (the network itself) or one (IPv4: its broadcast address).
    [[nodiscard]] bool hostPartIsAll(bool ones, unsigned prefixLength) const;
};

// "10.77.0.1", "fd00::1", "fe80::1%eth1"; nullopt for anything else, a host name too.
[[nodiscard]] std::optional<NumericAddress> parseAddress(std::string_view text);

struct Endpoint {
    NumericAddress address;
    std::uint16_t port = 0;

    // "10.77.2.9:3260", "[fd00::9]:3260"
    [[nodiscard]] std::string text() const;
};

// "address:port" or "[ipv6]:port"; without a port only where `otherwisePort` isn't 0.
[[nodiscard]] std::optional<Endpoint> parseEndpoint(std::string_view text, std::uint16_t otherwisePort);

// scheme://host[:port][/path] of one of `schemes`, the host a name or an address, an IPv6 one in brackets; without a user:
// what has a secret in it doesn't belong into the file.
[[nodiscard]] bool isUrl(std::string_view url, std::initializer_list<std::string_view> schemes);

// Decimal digits only, at most `most`.
[[nodiscard]] std::optional<std::uint32_t> parseNumber(std::string_view text, std::uint32_t most);

// A name of an interface as Linux takes it: 1 to 15 characters, no '/', no white space.
[[nodiscard]] bool isInterfaceName(std::string_view text);

} // namespace dyad::config
