// SPDX-License-Identifier: Apache-2.0
#include "daemon/failback_clock.h"

#include <QTime>

namespace dyad::daemon {

FailbackClock::FailbackClock(const model::Configuration& configuration, std::function<unsigned()> minuteOfDay,
                             std::function<void(engine::FailbackWindow)> tell)
    : m_minuteOfDay(std::move(minuteOfDay)), m_tell(std::move(tell)) {
    for (std::size_t i = 0; i < configuration.groups.size(); ++i)
        if (configuration.groups[i].failbackWindow)
            m_watched.push_back({model::GroupId(static_cast<std::uint32_t>(i)), *configuration.groups[i].failbackWindow});
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { look(); });
}

void FailbackClock::start() {
    if (m_watched.empty()) return;
    look();
    m_timer.start(std::chrono::seconds(5));
}

void FailbackClock::look() {
    const unsigned minute = m_minuteOfDay();
    for (Watched& each : m_watched) {
        const bool open = each.window.holds(minute);
        if (open == each.open) continue; // the engine, too, begins with "closed"
        each.open = open;
        m_tell({each.group, open});
    }
}

unsigned localMinuteOfDay() {
    const QTime now = QTime::currentTime();
    return static_cast<unsigned>(now.hour() * 60 + now.minute());
}

} // namespace dyad::daemon
