// SPDX-License-Identifier: Apache-2.0
#include "heart/link_detector.h"

#include <algorithm>

namespace dyad::heart {

using model::Liveness;

void LinkDetector::heard(Instant now) {
    m_everHeard = true;
    m_countedFrom = std::max(m_countedFrom, now);
    m_liveness = Liveness::Alive;
}

void LinkDetector::timePassed(Instant now) {
    const Duration silent = now - m_countedFrom;
    if (silent >= m_silence.lost)
        m_liveness = Liveness::Lost;
    else if (silent >= m_silence.suspect && m_liveness == Liveness::Alive)
        m_liveness = Liveness::Suspect;
}

void LinkDetector::forgive(Duration ownAbsence, Instant now) {
    m_countedFrom = std::max(m_countedFrom, std::min(now, m_countedFrom + ownAbsence));
}

std::optional<Instant> LinkDetector::nextJudgement() const {
    switch (m_liveness) {
    case Liveness::Alive: return m_countedFrom + m_silence.suspect;
    case Liveness::Unknown:
    case Liveness::Suspect: return m_countedFrom + m_silence.lost;
    case Liveness::Lost: break;
    }
    return std::nullopt;
}

} // namespace dyad::heart
