// SPDX-License-Identifier: Apache-2.0
// Resource agents by the OCF Resource Agent API 1.1, as Debian's package resource-agents has them, unmodified.
#pragma once

#include <string>

#include "agents/command_plan.h"

namespace dyad::agents {

inline constexpr const char* ocfRoot = "/usr/lib/ocf";
inline constexpr Duration firstLookTime = 5s; // what the engine gives the look of a service that starts

struct OcfPlaces {
    std::string root = ocfRoot;
    std::string temporary; // what agents note until the next boot (HA_RSCTMP); must exist
    std::string noteFile;
};

// <root>/resource.d/PROVIDER/AGENT
[[nodiscard]] std::string ocfProgram(const std::string& root, const std::string& provider, const std::string& agent);
// `startTimeout` and `stopTimeout` are told to the agent; who keeps them is the engine.
[[nodiscard]] CommandPlan planOcf(const model::OcfSettings& settings, const std::string& group,
                                  const std::string& resource, Duration startTimeout, Duration stopTimeout,
                                  const OcfPlaces& places);
// One action of an agent (OCF API 3.4) by its name, with the environment that the API wants: "validate-all".
[[nodiscard]] PlannedCommand ocfAction(const model::OcfSettings& settings, const std::string& action,
                                       const std::string& instance, Duration timeout, const OcfPlaces& places);
// The standard's word for an exit code (OCF API 3.5): "not configured"; "" for one that it doesn't have.
[[nodiscard]] const char* ocfMeaning(int exitCode);
[[nodiscard]] MonitorVerdict ocfVerdict(int exitCode);

} // namespace dyad::agents
