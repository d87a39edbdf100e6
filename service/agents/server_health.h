// SPDX-License-Identifier: Apache-2.0
// Whether a server counts as well, from what its checks said. Knows no clock.
#pragma once

#include <cstdint>
#include <string>

#include "agents/probe.h"

namespace dyad::agents {

class ServerHealth {
public:
    enum class State : std::uint8_t { Unknown, In, Out };

    // `failures` in a row take it out, `successes` in a row take it in again; at least 1 each.
    ServerHealth(unsigned failures, unsigned successes);

    // It was in for somebody who checked it before: one bad answer is not enough to take it out.
    void takenOverAsIn(std::int64_t wallClockMs);

    // Of one check that was answered at `wallClockMs`; true where it has changed the state. The first answer decides
    // alone. A check that could not be run neither counts nor clears.
    bool note(const ProbeResult& result, std::int64_t wallClockMs);

    [[nodiscard]] State state() const { return m_state; }
    [[nodiscard]] std::int64_t sinceWallClockMs() const { return m_since; } // 0 while Unknown
    [[nodiscard]] const std::string& reason() const { return m_reason; }    // what the check said that decided it

private:
    bool turn(State state, const ProbeResult& result, std::int64_t wallClockMs);

    unsigned m_failureLimit;
    unsigned m_successLimit;
    unsigned m_inRow = 0; // of answers that speak against the state
    State m_state = State::Unknown;
    std::int64_t m_since = 0;
    std::string m_reason;
};

} // namespace dyad::agents
