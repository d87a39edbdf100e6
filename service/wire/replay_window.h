// SPDX-License-Identifier: Apache-2.0
// Has this sequence been here before? One window per link and boot of the sender, as RFC 4303 (3.4.3) does it: what is
// newer than everything seen moves the window, what is inside it may come once, what is older is refused.
#pragma once

#include "model/names.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace dyad::wire {

class ReplayWindow {
public:
    static constexpr std::uint64_t width = 64;

    // True: new, and now remembered. False: seen before, or too old to tell.
    [[nodiscard]] bool accept(std::uint64_t sequence);
    void reset() { *this = ReplayWindow(); }
    [[nodiscard]] bool empty() const { return m_seen == 0; }
    [[nodiscard]] std::uint64_t highest() const { return m_highest; }

private:
    std::uint64_t m_highest = 0;
    std::uint64_t m_seen = 0; // bit i: m_highest - i has come; 0 only before the first
};

// The boots of the peer that are over. A recorded heartbeat of one must never bring it back to life.
class RetiredBoots {
public:
    static constexpr std::size_t capacity = 64; // then the oldest is forgotten

    void retire(model::BootDigest boot);
    [[nodiscard]] bool contains(model::BootDigest boot) const;

private:
    std::array<model::BootDigest, capacity> m_boots{};
    std::size_t m_count = 0; // ever retired
};

} // namespace dyad::wire
