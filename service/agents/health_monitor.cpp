// SPDX-License-Identifier: Apache-2.0
#include "agents/health_monitor.h"

namespace dyad::agents {

HealthMonitor::HealthMonitor(std::unique_ptr<ProbeRunner> probe, Duration interval, Duration timeout, unsigned failures)
    : m_probe(std::move(probe)), m_interval(interval), m_timeout(timeout), m_limit(failures == 0 ? 1 : failures),
      m_timer([this] { check(); }) {}

void HealthMonitor::start() {
    if (m_active) return;
    m_active = true;
    m_failures = 0;
    m_told = false;
    m_toldCouldNotRun = false;
    m_timer.start(m_interval);
}

void HealthMonitor::stop() {
    m_active = false;
    ++m_run;
    m_timer.stop();
}

void HealthMonitor::check() {
    m_probe->run(m_timeout, [this, run = m_run](const ProbeResult& result) {
        if (run == m_run) checked(result);
    });
}

void HealthMonitor::checked(const ProbeResult& result) {
    m_timer.start(m_interval);
    switch (result.verdict) {
    case ProbeResult::Verdict::Well:
        m_failures = 0;
        m_told = false;
        m_toldCouldNotRun = false;
        return;
    case ProbeResult::Verdict::CouldNotRun:
        if (!std::exchange(m_toldCouldNotRun, true) && onCouldNotRun) onCouldNotRun(result.detail);
        return;
    case ProbeResult::Verdict::Failed:
        m_toldCouldNotRun = false;
        if (++m_failures >= m_limit && !std::exchange(m_told, true) && onUnhealthy)
            onUnhealthy(std::to_string(m_failures) + " failed checks in a row, the last: " + result.detail);
        return;
    }
}

} // namespace dyad::agents
