// SPDX-License-Identifier: Apache-2.0
#include "agents/server_health.h"

#include <algorithm>

namespace dyad::agents {

ServerHealth::ServerHealth(unsigned failures, unsigned successes)
    : m_failureLimit(std::max(failures, 1U)), m_successLimit(std::max(successes, 1U)) {}

bool ServerHealth::turn(State state, const ProbeResult& result, std::int64_t wallClockMs) {
    m_state = state;
    m_inRow = 0;
    m_since = wallClockMs;
    m_reason = result.detail;
    return true;
}

void ServerHealth::takenOverAsIn(std::int64_t wallClockMs) {
    m_state = State::In;
    m_since = wallClockMs;
}

bool ServerHealth::note(const ProbeResult& result, std::int64_t wallClockMs) {
    if (result.verdict == ProbeResult::Verdict::CouldNotRun) return false;
    const State says = result.verdict == ProbeResult::Verdict::Well ? State::In : State::Out;
    if (says == m_state) {
        m_inRow = 0;
        return false;
    }
    const unsigned limit = m_state == State::Unknown ? 1 : m_state == State::In ? m_failureLimit : m_successLimit;
    if (++m_inRow < limit) return false;
    return turn(says, result, wallClockMs);
}

} // namespace dyad::agents
