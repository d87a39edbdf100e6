// SPDX-License-Identifier: Apache-2.0
// Which of the last hundred beats of the peer arrived on this link. All links of one beat carry the same sequence and
// every beat goes out on every link, so a gap in the sequence is a loss.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace dyad::heart {

class LossWindow {
public:
    static constexpr std::size_t width = 100;

    void received(std::uint64_t sequence);
    // 0..1; `overdue`: beats that should have come after the last one that did. 0 while nothing is expected yet.
    [[nodiscard]] double ratio(std::uint64_t overdue) const;
    void reset() { *this = LossWindow(); }

private:
    std::bitset<width> m_seen; // bit i: m_highest - i has come
    std::uint64_t m_highest = 0;
    std::uint64_t m_first = 0; // nothing is expected before it
    bool m_any = false;
};

} // namespace dyad::heart
