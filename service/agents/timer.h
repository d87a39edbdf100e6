// SPDX-License-Identifier: Apache-2.0
// A precise single-shot timer on the event loop.
#pragma once

#include <QTimer>
#include <functional>

#include "base/time.h"

namespace dyad::agents {

class Timer {
public:
    explicit Timer(std::function<void()> expired) {
        m_timer.setSingleShot(true);
        m_timer.setTimerType(Qt::PreciseTimer);
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, std::move(expired));
    }

    void start(Duration after) { m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(after)); }
    void stop() { m_timer.stop(); }
    [[nodiscard]] bool running() const { return m_timer.isActive(); }

private:
    QTimer m_timer;
};

} // namespace dyad::agents
