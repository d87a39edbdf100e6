// SPDX-License-Identifier: Apache-2.0
// Asks a running resource again and again how it is.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agents/probe.h"
#include "agents/timer.h"

namespace dyad::agents {

class HealthMonitor {
public:
    std::function<void(const std::string& detail)> onUnhealthy;   // `failures` in a row; again only after it was well
    std::function<void(const std::string& detail)> onCouldNotRun; // first time after a check that could be run

    HealthMonitor(std::unique_ptr<ProbeRunner> probe, Duration interval, Duration timeout, unsigned failures);

    void start(); // the first check comes after one interval
    void stop();

private:
    void check();
    void checked(const ProbeResult& result);

    std::unique_ptr<ProbeRunner> m_probe;
    Duration m_interval;
    Duration m_timeout;
    unsigned m_limit;
    unsigned m_failures = 0; // in a row; a check that could not be run neither counts nor clears
    bool m_told = false;
    bool m_toldCouldNotRun = false;
    bool m_active = false;
    std::uint64_t m_run = 0; // an answer to a check of before a stop() is dropped
    Timer m_timer;
};

} // namespace dyad::agents
