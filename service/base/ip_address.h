// SPDX-License-Identifier: Apache-2.0
// An IPv4 or IPv6 address as a value.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace dyad {

struct IpAddress {
    bool six = false;
    std::array<std::uint8_t, 16> bytes{}; // network order; IPv4: the first four

    auto operator<=>(const IpAddress&) const = default;
    [[nodiscard]] std::span<const std::uint8_t> used() const { return {bytes.data(), six ? 16U : 4U}; }
    [[nodiscard]] std::uint8_t maxPrefix() const { return six ? 128 : 32; }
    // Both have the same first `prefixLength` bits (and the same version).
    [[nodiscard]] bool sameSubnet(const IpAddress& other, std::uint8_t prefixLength) const;
    [[nodiscard]] std::string text() const;
};

// Numeric only, without prefix and zone; a name is an error.
[[nodiscard]] Result<IpAddress> parseIpAddress(const std::string& text);

} // namespace dyad
