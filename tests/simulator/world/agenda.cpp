// SPDX-License-Identifier: Apache-2.0
#include "world/agenda.h"

#include <algorithm>

namespace dyad::simulator {

void Agenda::plan(const Happening& happening) {
    const auto later = [](const Happening& each, std::int64_t at) { return each.at > at; };
    m_row.insert(std::lower_bound(m_row.begin(), m_row.end(), happening.at, later), happening);
}

} // namespace dyad::simulator
