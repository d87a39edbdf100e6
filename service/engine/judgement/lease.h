// SPDX-License-Identifier: Apache-2.0
// Judgement: do we hold the lease of a group?
#pragma once

#include "engine/step_context.h"

#include <optional>
#include <string>

namespace dyad::engine {

// Each LUN's reservation was read back as ours in the group's present epoch. A group without LUNs has nothing to read:
// then winning its claim is the proof.
[[nodiscard]] bool leaseProven(const GroupRecord& group);

// Why the owner must behave as fenced, or nothing while the lease is good. Sets the deadlines at which that may change.
[[nodiscard]] std::optional<std::string> leaseLostBecause(StepContext& step, const GroupRecord& group);

} // namespace dyad::engine
