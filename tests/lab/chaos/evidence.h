// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "lab/chaos/plan.h"

#include <string>
#include <vector>

namespace dyad::lab {

// Copies what a person needs to find the cause, before the lab goes: both journals and service logs, the logs of heart
// and LUN processes, the flight recorder, the plan and the problems. Blocks for some 100 ms. The folder it made.
[[nodiscard]] std::string keepEvidence(const std::string& title, const Plan& plan, std::size_t failedEpisode,
                                       const std::vector<std::string>& problems);

} // namespace dyad::lab
