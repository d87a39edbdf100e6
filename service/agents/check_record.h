// SPDX-License-Identifier: Apache-2.0
// What a probe has answered so far: how often, how quickly and evenly, and the last answers one by one. Knows no clock.
#pragma once

#include "agents/probe.h"
#include "model/checks.h"

namespace dyad::agents {

[[nodiscard]] model::CheckVerdict verdictOf(ProbeResult::Verdict verdict);

class CheckRecord {
public:
    void note(const ProbeResult& result, Duration took, std::int64_t wallClockMs);
    [[nodiscard]] const model::CheckCounts& counts() const { return m_view.counts; }
    // With what this record doesn't know still empty: name, what, asked, failing, limit, of.
    [[nodiscard]] const model::ProbeView& view() const { return m_view; }

private:
    model::ProbeView m_view;
};

} // namespace dyad::agents
