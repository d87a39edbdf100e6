// SPDX-License-Identifier: Apache-2.0
// Fixed layouts, whatever the host's byte order: big-endian for SCSI (SPC-4 4.2), little-endian for Dyad's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "base/check.h"

namespace dyad {

template <typename Unsigned>
constexpr void storeBig(std::span<std::uint8_t> at, Unsigned value) {
    static_assert(std::is_unsigned_v<Unsigned>);
    DYAD_CHECK(at.size() >= sizeof(Unsigned), "a number was stored past the end of a buffer");
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
        at[i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(Unsigned) - 1 - i)));
}

template <typename Unsigned>
[[nodiscard]] constexpr Unsigned loadBig(std::span<const std::uint8_t> at) {
    static_assert(std::is_unsigned_v<Unsigned>);
    DYAD_CHECK(at.size() >= sizeof(Unsigned), "a number was read past the end of a buffer");
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
        value = static_cast<Unsigned>((std::uint64_t{value} << 8) | at[i]);
    return value;
}

template <typename Unsigned>
constexpr void storeLittle(std::span<std::uint8_t> at, Unsigned value) {
    static_assert(std::is_unsigned_v<Unsigned>);
    DYAD_CHECK(at.size() >= sizeof(Unsigned), "a number was stored past the end of a buffer");
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
        at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

template <typename Unsigned>
[[nodiscard]] constexpr Unsigned loadLittle(std::span<const std::uint8_t> at) {
    static_assert(std::is_unsigned_v<Unsigned>);
    DYAD_CHECK(at.size() >= sizeof(Unsigned), "a number was read past the end of a buffer");
    Unsigned value = 0;
    for (std::size_t i = 0; i < sizeof(Unsigned); ++i)
        value = static_cast<Unsigned>(value | (std::uint64_t{at[i]} << (8 * i)));
    return value;
}

} // namespace dyad
