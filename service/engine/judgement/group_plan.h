// SPDX-License-Identifier: Apache-2.0
// Judgement: which resources of a group may go up or must come down next?
#pragma once

#include "engine/step_context.h"

namespace dyad::engine {

// Everything it stands on runs, and after repeated failures its back-off is over.
[[nodiscard]] bool mayStart(StepContext& step, const GroupRecord& group, model::ResourceId resource);
// How long after its latest failure it may start again.
[[nodiscard]] Duration restartDelay(const StepContext& step, const GroupRecord& group, model::ResourceId resource);
// In order: nothing that stands on it is left. When the whole group stops, an address that was raised first goes last,
// so that the clients of what is stopped still hear its good-bye.
[[nodiscard]] bool mayStop(const StepContext& step, const GroupRecord& group, model::ResourceId resource);
// By force: addresses and processes at once, filesystems when nothing else is left.
[[nodiscard]] bool mayKill(const StepContext& step, const GroupRecord& group, model::ResourceId resource);

[[nodiscard]] bool everythingRuns(const GroupRecord& group);
[[nodiscard]] bool everythingStopped(const GroupRecord& group);

// Order in which force is used: addresses, then everything else, then filesystems.
[[nodiscard]] std::vector<model::ResourceId> killOrder(const StepContext& step, const GroupRecord& group);
// Marks the resource and everything that stands on it to come down.
void markDown(const StepContext& step, GroupRecord& group, model::ResourceId resource);

} // namespace dyad::engine
