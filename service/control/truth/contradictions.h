// SPDX-License-Identifier: Apache-2.0
// Where what is claimed and what is disagree. Pure; shared by the service, which raises alarms, and `dyad truth`.
#pragma once

#include "model/truth.h"

#include <optional>
#include <vector>

namespace dyad::control {

// Of one node alone.
[[nodiscard]] std::vector<model::Contradiction> contradictionsOf(const model::NodeTruth& own);
// Those that show only when both are put side by side.
[[nodiscard]] std::vector<model::Contradiction> contradictionsBetween(const model::NodeTruth& first,
                                                                      const model::NodeTruth& second);

} // namespace dyad::control
