// SPDX-License-Identifier: Apache-2.0
// Tells the engine when a group's `failback_window` begins and ends. The engine has no wall clock.
#pragma once

#include "engine/event.h"
#include "model/configuration.h"

#include <QTimer>

#include <functional>
#include <vector>

namespace dyad::daemon {

class FailbackClock {
public:
    // `minuteOfDay` is asked every few seconds: the host's local time, 0..1439. `tell` gets each change, and the first
    // state.
    FailbackClock(const model::Configuration& configuration, std::function<unsigned()> minuteOfDay,
                  std::function<void(engine::FailbackWindow)> tell);
    // Does nothing where no group has a window.
    void start();
    void look();

private:
    struct Watched {
        model::GroupId group;
        model::DailyWindow window;
        bool open = false;
    };
    std::vector<Watched> m_watched;
    std::function<unsigned()> m_minuteOfDay;
    std::function<void(engine::FailbackWindow)> m_tell;
    QTimer m_timer;
};

// Of this host, now.
[[nodiscard]] unsigned localMinuteOfDay();

} // namespace dyad::daemon
