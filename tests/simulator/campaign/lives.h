// SPDX-License-Identifier: Apache-2.0
// Where lives come from: the world itself, or in this folder's tests one that fails as it is told to.
#pragma once

#include "life.h"
#include "plan.h"

namespace dyad::simulator {

struct Lives {
    Plan (*draw)(std::uint64_t seed) = drawPlan;
    Verdict (*live)(const Plan& plan, Story* story) = simulator::live;
};

} // namespace dyad::simulator
