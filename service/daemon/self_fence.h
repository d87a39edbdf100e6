// SPDX-License-Identifier: Apache-2.0
// The last means: reset this host.
#pragma once

#include "ports/outside.h"

namespace dyad::daemon {

enum class SelfFenceMode {
    Stop,  // say it as loudly as possible and go on without the group: for hosts that must not be reset
    Reset, // reboot(2) without sync: on a host that is a namespace, the kernel ends just that namespace
};

class SelfFence : public ports::FencePort {
public:
    SelfFence(SelfFenceMode mode, ports::AlarmPort& alarms, const ports::Clock& clock)
        : m_mode(mode), m_alarms(alarms), m_clock(clock) {}
    void selfFence(const std::string& reason) override;

private:
    SelfFenceMode m_mode;
    ports::AlarmPort& m_alarms;
    const ports::Clock& m_clock;
};

} // namespace dyad::daemon
