// SPDX-License-Identifier: Apache-2.0
// Somebody knocks at the wall every few seconds. After some missed knocks we worry, after some more we call for help;
// a single knock and all is well again. One detector per link; it never reads a clock.
#pragma once

#include "base/time.h"
#include "model/names.h"

#include <optional>

namespace dyad::heart {

struct Silence {
    Duration suspect{0};
    Duration lost{0}; // greater than suspect
};

class LinkDetector {
public:
    LinkDetector(Silence silence, Instant startedAt) : m_silence(silence), m_countedFrom(startedAt) {}

    // A valid heartbeat arrived.
    void heard(Instant now);
    // Judges the silence until `now`. A link that was never heard stays Unknown, then becomes Lost: suspecting somebody
    // takes having known him.
    void timePassed(Instant now);
    // We ourselves were not running for so long: that silence was ours, not the peer's.
    void forgive(Duration ownAbsence, Instant now);

    [[nodiscard]] model::Liveness liveness() const { return m_liveness; }
    [[nodiscard]] bool everHeard() const { return m_everHeard; }
    // When timePassed() will change the liveness unless something is heard; nothing once the link is lost.
    [[nodiscard]] std::optional<Instant> nextJudgement() const;

private:
    Silence m_silence;
    Instant m_countedFrom;
    bool m_everHeard = false;
    model::Liveness m_liveness = model::Liveness::Unknown;
};

} // namespace dyad::heart
