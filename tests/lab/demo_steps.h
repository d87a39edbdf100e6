// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lab/client.h"
#include "lab/step_report.h"

#include <functional>
#include <string>
#include <vector>

namespace dyad::lab {

// What the steps share. Each step begins with the pair well, and leaves it so.
struct DemoStage {
    Client& client;
    std::string profile;
    std::function<bool()> interrupted;
};

struct DemoStep {
    std::string name;
    std::string title;
    std::function<void(DemoStage&, StepReport&)> play;
};

[[nodiscard]] const std::vector<DemoStep>& demoSteps();
// Plays one step with everything that belongs to each: gap, write probes before and after, rows read back.
[[nodiscard]] StepReport playStep(const DemoStep& step, DemoStage& stage);

} // namespace dyad::lab
