// SPDX-License-Identifier: Apache-2.0
#include "agents/health_monitor.h"

#include <algorithm>

#include "platform/linux/monotonic_clock.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

HealthMonitor::HealthMonitor(std::unique_ptr<ProbeRunner> probe, const HealthPace& pace, std::string pressureFile)
    : m_probe(std::move(probe)), m_pace(pace), m_load(std::move(pressureFile)), m_timer([this] { check(); }) {
    m_pace.failures = std::max(pace.failures, 1U);
    m_pace.of = std::max(pace.of, m_pace.failures);
}

void HealthMonitor::start() {
    if (m_active) return;
    m_active = true;
    m_window.clear();
    m_excused = 0;
    m_told = m_toldFailure = m_toldCouldNotRun = false;
    m_timer.start(m_pace.interval);
}

void HealthMonitor::stop() {
    m_active = false;
    ++m_run;
    m_timer.stop();
    (void)m_load.end();
}

void HealthMonitor::check() {
    m_asked = platform::monotonicNow();
    m_load.begin(m_pace.timeout);
    m_probe->run(m_pace.timeout, [this, run = m_run](const ProbeResult& result) {
        if (run == m_run) checked(result);
    });
}

unsigned HealthMonitor::failing() const {
    return static_cast<unsigned>(std::count(m_window.begin(), m_window.end(), true));
}

void HealthMonitor::checked(ProbeResult result) {
    const Duration took = platform::monotonicNow() - m_asked;
    const std::string overload = m_load.end();
    // No answer from a host that has no time to hear one. Never more often in a row than failures would be: an
    // overload that stays, stays no excuse, and at most doubles the time to the limit.
    if (result.verdict == Verdict::Failed && took >= m_pace.timeout && !overload.empty() &&
        m_excused < m_pace.failures) {
        ++m_excused;
        result = {Verdict::CouldNotRun, result.detail + "; not counted: " + overload};
    }
    m_record.note(result, took, platform::wallClockMs());
    m_timer.start(m_pace.interval);
    if (result.verdict == Verdict::CouldNotRun) {
        if (!std::exchange(m_toldCouldNotRun, true) && onCouldNotRun) onCouldNotRun(result.detail);
        return;
    }
    m_window.push_back(result.verdict == Verdict::Failed);
    if (m_window.size() > m_pace.of) m_window.pop_front();
    if (result.verdict == Verdict::Failed) return failed(result);
    m_excused = 0;
    m_told = false;
    const bool news = std::exchange(m_toldFailure, false) || m_toldCouldNotRun;
    m_toldCouldNotRun = false;
    if (news && onWell) onWell();
}

void HealthMonitor::failed(const ProbeResult& result) {
    m_toldCouldNotRun = false;
    const unsigned count = failing();
    if (count < m_pace.failures) {
        if (!std::exchange(m_toldFailure, true) && onFailure) onFailure(result.detail);
        return;
    }
    m_toldFailure = true;
    if (std::exchange(m_told, true) || !onUnhealthy) return;
    onUnhealthy(m_pace.of == m_pace.failures
                    ? std::to_string(count) + " failed checks in a row, the last: " + result.detail
                    : std::to_string(count) + " of the last " + std::to_string(m_window.size()) +
                          " checks have failed, the last: " + result.detail);
}

model::ProbeView HealthMonitor::view() const {
    model::ProbeView view = m_record.view();
    view.asked = m_active;
    view.failing = m_active ? failing() : 0;
    view.limit = m_pace.failures;
    view.of = m_pace.of;
    return view;
}

} // namespace dyad::agents
