// SPDX-License-Identifier: Apache-2.0
// FNV-1a: a small digest that tells files and names apart. It protects against mistakes, not against an attacker.
#pragma once

#include <cstdint>
#include <string_view>

namespace dyad::config {

// Never 0, which stands for "none".
[[nodiscard]] constexpr std::uint64_t digestOf(std::string_view bytes) {
    std::uint64_t digest = 0xcbf29ce484222325;
    for (const char c : bytes)
        digest = (digest ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    return digest == 0 ? 1 : digest;
}

// The four quarters folded into one; never 0.
[[nodiscard]] constexpr std::uint16_t clusterIdOf(std::string_view name) {
    const std::uint64_t digest = digestOf(name);
    const auto folded = static_cast<std::uint16_t>(digest ^ (digest >> 16) ^ (digest >> 32) ^ (digest >> 48));
    return folded == 0 ? 1 : folded;
}

} // namespace dyad::config
