// SPDX-License-Identifier: Apache-2.0
// How late our own alarm clock rings: under overload, after SIGSTOP, after a pause of the virtual machine.
#pragma once

#include "base/time.h"

#include <algorithm>

namespace dyad::heart {

class Lateness {
public:
    // Woken at `now` though `due` was asked for; returns by how much it was late (0 when woken early by a datagram).
    Duration woken(Instant due, Instant now) {
        const Duration late = std::max(Duration::zero(), now - due);
        m_worst = std::max(m_worst, late);
        return late;
    }
    [[nodiscard]] Duration worst() const { return m_worst; }

private:
    Duration m_worst{0};
};

} // namespace dyad::heart
