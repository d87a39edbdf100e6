// SPDX-License-Identifier: Apache-2.0
// Virtual time: a queue of what happens next. Two things of one instant happen in the order in which they were planned,
// so a run depends on nothing but what it was given.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace dyad::world {

class Clock {
public:
    // The world begins when its hosts have been up for a while: nothing may depend on a clock that starts at zero.
    static constexpr Instant origin = Instant::fromNanoseconds(100'000'000'000);

    [[nodiscard]] Instant now() const { return m_now; }
    [[nodiscard]] double sinceOriginMs() const { return milliseconds(m_now - origin); }

    void at(Instant when, std::function<void()> what) {
        m_queue.emplace(std::pair(std::max(when, m_now), ++m_planned), std::move(what));
    }
    void after(Duration distance, std::function<void()> what) { at(m_now + distance, std::move(what)); }

    // Lets the next thing happen unless it lies behind `end`; false when nothing is left before that.
    bool next(Instant end) {
        if (m_queue.empty() || m_queue.begin()->first.first > end) {
            m_now = std::max(m_now, end);
            return false;
        }
        auto first = m_queue.extract(m_queue.begin());
        m_now = first.key().first;
        first.mapped()();
        return true;
    }

private:
    Instant m_now = origin;
    std::uint64_t m_planned = 0;
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> m_queue;
};

} // namespace dyad::world
