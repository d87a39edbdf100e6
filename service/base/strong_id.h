// SPDX-License-Identifier: Apache-2.0
// A number that can't be mistaken for another kind of number.
#pragma once

#include <compare>
#include <cstdint>

namespace dyad {

template <typename Tag, typename Number = std::uint32_t>
struct StrongId {
    Number value = 0;

    constexpr StrongId() = default;
    constexpr explicit StrongId(Number number) : value(number) {}
    constexpr auto operator<=>(const StrongId&) const = default;
    [[nodiscard]] constexpr StrongId next() const { return StrongId(static_cast<Number>(value + 1)); }
};

} // namespace dyad
