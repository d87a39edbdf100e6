// SPDX-License-Identifier: Apache-2.0
// The digest of a life: every step of the engines, every answer of the array and every landing goes in, in order.
#pragma once

#include <cstdint>

namespace dyad::simulator {

class Digest {
public:
    void add(std::uint64_t value) {
        m_value = (m_value ^ value) * 0x9fb21c651e98df25ULL;
        m_value ^= m_value >> 32;
    }
    [[nodiscard]] std::uint64_t value() const { return m_value; }

private:
    std::uint64_t m_value = 0x243f6a8885a308d3ULL;
};

} // namespace dyad::simulator
