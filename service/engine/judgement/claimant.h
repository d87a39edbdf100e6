// SPDX-License-Identifier: Apache-2.0
// Judgement: is it this node's turn to take a group that it doesn't own, and why?
#pragma once

#include "engine/step_context.h"

#include <optional>

namespace dyad::engine {

// Gateways are configured and none answers.
[[nodiscard]] bool gatewayGone(const StepContext& step);

// This node could run the group if it had it: not in maintenance, not leaving, not failed here, a path to every LUN.
[[nodiscard]] bool fitHere(const StepContext& step, const GroupRecord& group);

// For a group in standby. Sets the deadlines at which the answer may change.
[[nodiscard]] std::optional<ClaimCause> claimCause(StepContext& step, const GroupRecord& group);

} // namespace dyad::engine
