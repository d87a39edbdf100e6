// SPDX-License-Identifier: Apache-2.0
// A recorded run as a scenario for the virtual pair (tests/scenarios/README.md): the facts that came from outside, in
// the scenario's words. What the recording of one host can't know, or the language can't say, is told in comments.
#pragma once

#include "recorder/flight/recording.h"

#include <string>

namespace dyad::recorder {

inline constexpr std::size_t maxScenarioCommands = 1000;

// Time begins anew: both hosts boot at 0, and the run's first instant comes once such a pair has settled.
[[nodiscard]] std::string asScenario(const Recording& recording, const Run& run);

} // namespace dyad::recorder
