// SPDX-License-Identifier: Apache-2.0
// Asks a running resource again and again how it is.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "agents/check_record.h"
#include "agents/host_load.h"
#include "agents/probe.h"
#include "agents/timer.h"

namespace dyad::agents {

struct HealthPace {
    Duration interval = 5s;
    Duration timeout = 3s;
    unsigned failures = 3; // in a row, or of the last `of` checks; 0 counts as 1
    unsigned of = 0;       // 0, or less than `failures`: in a row
};

class HealthMonitor {
public:
    // The limit is reached; again only after a check that was well.
    std::function<void(const std::string& detail)> onUnhealthy;
    std::function<void(const std::string& detail)> onCouldNotRun; // first time after a check that could be run
    std::function<void(const std::string& detail)> onFailure;     // first time after a check that was well
    std::function<void()> onWell;                                 // first time after any of those above

    HealthMonitor(std::unique_ptr<ProbeRunner> probe, const HealthPace& pace,
                  std::string pressureFile = systemPressureFile);
    HealthMonitor(std::unique_ptr<ProbeRunner> probe, Duration interval, Duration timeout, unsigned failures)
        : HealthMonitor(std::move(probe), HealthPace{interval, timeout, failures, 0}) {}

    void start(); // the first check comes after one interval
    void stop();
    // All but its name and what it asks.
    [[nodiscard]] model::ProbeView view() const;

private:
    void check();
    void checked(ProbeResult result);
    void failed(const ProbeResult& result);
    [[nodiscard]] unsigned failing() const;

    std::unique_ptr<ProbeRunner> m_probe;
    HealthPace m_pace;
    HostLoad m_load;
    CheckRecord m_record;
    Instant m_asked;
    std::deque<bool> m_window; // of the last `of` checks: failed; one that could not be run neither counts nor clears
    unsigned m_excused = 0;    // failures in a row that were put down to the host's load
    bool m_told = false;
    bool m_toldFailure = false;
    bool m_toldCouldNotRun = false;
    bool m_active = false;
    std::uint64_t m_run = 0; // an answer to a check of before a stop() is dropped
    Timer m_timer;
};

} // namespace dyad::agents
