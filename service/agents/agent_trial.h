// SPDX-License-Identifier: Apache-2.0
// Takes an OCF agent through what the standard promises of it, as a tester would: start, monitor, stop, each twice, and
// what it must refuse.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agents/ocf_plan.h"
#include "model/agent_metadata.h"

namespace dyad::agents {

struct TrialStep {
    std::string name;     // "start again"
    std::string expected; // "exit code 0 (success)"
    std::string got;
    std::string output; // the last lines that it wrote
    Duration took{};
    bool passed = false;
    bool advisory = false; // good to have, and asked for by the standard, but many agents of the field don't keep it
};

struct AgentTrial {
    model::OcfSettings settings;
    model::AgentMetadata metadata;
    OcfPlaces places;
    Duration patience = 60s;                      // for each action; then it is killed, and hasn't passed
    std::function<bool()> givenUp;                // asked between two steps: what was started is stopped, and it ends
    std::function<void(const TrialStep&)> onStep; // as soon as each has ended
    std::function<void(const std::string&)> onBegin; // its name
};

// The names of the steps, in order; what is tried depends on the metadata.
[[nodiscard]] std::vector<std::string> trialSteps(const AgentTrial& trial);
// Blocks. A resource that runs already is not touched: the trial ends there. What was started is stopped in any case,
// and at the end nothing that it has left behind lives any more.
[[nodiscard]] std::vector<TrialStep> tryAgent(const AgentTrial& trial);

} // namespace dyad::agents
