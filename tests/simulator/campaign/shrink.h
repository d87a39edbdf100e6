// SPDX-License-Identifier: Apache-2.0
// The fewest faults, the shortest, in the plainest world, that still break the same rule. Every trial is lived in a
// child, so that a crash can be shrunk like anything else.
#pragma once

#include "campaign/lives.h"
#include "campaign/outcome.h"

namespace dyad::simulator {

struct ShrinkSetup {
    unsigned maxTrials = 3000;
    Duration wallBudget = 60s;   // of all trials together; a hang is tried with few of them
    Duration lifeDeadline = 60s; // of one trial
};

struct Shrunk {
    Plan plan;
    Failure failure; // as the shrunk plan fails
    unsigned trials = 0;
    bool reproduced = false; // false: the plan did not fail again as it did; `plan` is then what was given
};

[[nodiscard]] Shrunk shrink(const Lives& lives, const Plan& plan, const Failure& failure,
                            const ShrinkSetup& setup = {});

} // namespace dyad::simulator
