// SPDX-License-Identifier: Apache-2.0
#include "heart/loss_window.h"

#include <algorithm>

namespace dyad::heart {

void LossWindow::received(std::uint64_t sequence) {
    // A sender that was started again counts from further on: that gap is no loss.
    constexpr std::uint64_t restartedGap = 100'000;
    if (!m_any || (sequence > m_highest && sequence - m_highest > restartedGap)) {
        reset();
        m_any = true;
        m_first = m_highest = sequence;
        m_seen.set(0);
        return;
    }
    if (sequence > m_highest) {
        const std::uint64_t ahead = sequence - m_highest;
        if (ahead >= width)
            m_seen.reset();
        else
            m_seen <<= static_cast<std::size_t>(ahead);
        m_highest = sequence;
        m_seen.set(0);
    } else if (m_highest - sequence < width) {
        m_seen.set(static_cast<std::size_t>(m_highest - sequence));
        m_first = std::min(m_first, sequence);
    }
}

double LossWindow::ratio(std::uint64_t overdue) const {
    if (!m_any) return 0;
    const std::uint64_t late = std::min<std::uint64_t>(overdue, width);
    const std::uint64_t counted =
        std::min<std::uint64_t>(m_highest - m_first + 1, width - late); // of those that could have come
    std::uint64_t arrived = 0;
    for (std::size_t i = 0; i < counted; ++i)
        arrived += m_seen[i] ? 1 : 0;
    return static_cast<double>(counted - arrived + late) / static_cast<double>(counted + late);
}

} // namespace dyad::heart
