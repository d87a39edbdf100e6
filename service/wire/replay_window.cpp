// SPDX-License-Identifier: Apache-2.0
#include "wire/replay_window.h"

#include <algorithm>

namespace dyad::wire {

bool ReplayWindow::accept(std::uint64_t sequence) {
    if (empty() || sequence > m_highest) {
        const std::uint64_t ahead = empty() ? width : sequence - m_highest;
        m_seen = ahead >= width ? 1 : (m_seen << ahead) | 1;
        m_highest = sequence;
        return true;
    }
    const std::uint64_t behind = m_highest - sequence;
    if (behind >= width) return false;
    const std::uint64_t bit = std::uint64_t{1} << behind;
    if ((m_seen & bit) != 0) return false;
    m_seen |= bit;
    return true;
}

void RetiredBoots::retire(model::BootDigest boot) {
    if (contains(boot)) return;
    m_boots[m_count % capacity] = boot;
    ++m_count;
}

bool RetiredBoots::contains(model::BootDigest boot) const {
    const auto end = m_boots.begin() + static_cast<std::ptrdiff_t>(std::min(m_count, capacity));
    return std::find(m_boots.begin(), end, boot) != end;
}

} // namespace dyad::wire
