// SPDX-License-Identifier: Apache-2.0
#include "agents/check_record.h"

namespace dyad::agents {

model::CheckVerdict verdictOf(ProbeResult::Verdict verdict) {
    switch (verdict) {
    case ProbeResult::Verdict::Well: return model::CheckVerdict::Well;
    case ProbeResult::Verdict::Failed: return model::CheckVerdict::Failed;
    case ProbeResult::Verdict::CouldNotRun: break;
    }
    return model::CheckVerdict::CouldNotRun;
}

void CheckRecord::note(const ProbeResult& result, Duration took, std::int64_t wallClockMs) {
    const model::CheckVerdict verdict = verdictOf(result.verdict);
    m_view.last.push_back({wallClockMs, verdict, took, result.detail.substr(0, model::maxCheckDetail)});
    if (m_view.last.size() > model::maxCheckHistory) m_view.last.erase(m_view.last.begin());
    if (verdict == model::CheckVerdict::Failed) ++m_view.counts.failed;
    if (verdict == model::CheckVerdict::CouldNotRun) ++m_view.counts.couldNotRun;
    if (verdict != model::CheckVerdict::Well) return; // a time-out would tell of our patience
    if (++m_view.counts.well == 1) {
        m_view.mean = took;
        m_view.deviation = took / 2;
    } else { // RFC 6298 section 2.3: 1/4 and 1/8
        const Duration off = took > m_view.mean ? took - m_view.mean : m_view.mean - took;
        m_view.deviation += (off - m_view.deviation) / 4;
        m_view.mean += (took - m_view.mean) / 8;
    }
    m_view.total += took;
}

} // namespace dyad::agents
