// SPDX-License-Identifier: Apache-2.0
#include "world/agenda.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

bool later(const Happening& a, const Happening& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }

} // namespace

void Agenda::plan(Happening happening) {
    happening.order = ++m_planned;
    m_heap.push_back(happening);
    std::push_heap(m_heap.begin(), m_heap.end(), later);
}

Happening Agenda::take() {
    std::pop_heap(m_heap.begin(), m_heap.end(), later);
    const Happening happening = m_heap.back();
    m_heap.pop_back();
    return happening;
}

} // namespace dyad::simulator
