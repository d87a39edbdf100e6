// SPDX-License-Identifier: Apache-2.0
// The heart's judgements made anew, under other time-outs, from the instants at which the links were heard.
#pragma once

#include "engine/event.h"
#include "engine/timeouts.h"

#include <optional>
#include <vector>

namespace dyad::recorder {

struct TimedHeart {
    Instant at;
    engine::HeartChanged heart;
};

// `recorded`: what the heart reported, in order; `before`: the links as they were known then; `recordedTimeouts`: under
// which it judged. What comes back is what it would have reported: the same facts of links and peer, at the same
// instants, and at the ends of each silence that `timeouts` would have noticed.
// A silence that the recorded heart didn't notice is not in the recording and stays unknown.
[[nodiscard]] std::vector<TimedHeart> judgeAnew(const std::vector<TimedHeart>& recorded,
                                                const std::vector<model::LinkReport>& before, Instant from,
                                                const engine::Timeouts& recordedTimeouts,
                                                const engine::Timeouts& timeouts);

} // namespace dyad::recorder
