// SPDX-License-Identifier: Apache-2.0
// Within what time the service must be back. Computed from the profile's time-outs (docs/TIMEOUTS.md) and from guards
// for what no time-out bounds: how long a host boots here, a database recovers, a busy machine takes. It is a guard
// against a pair that stays down, no figure of merit: what was seen is printed beside it.
#pragma once

#include "engine/timeouts.h"
#include "lab/chaos/fault.h"

namespace dyad::lab {

struct Bounds {
    Duration back{0}; // from the last heal to a row acknowledged
    // Of a fault that stands alone and that the peer, a restart or nobody at all answers: the client's longest gap,
    // from the beginning of the fault, however long that lasts. Zero: none is stated.
    Duration gap{0};
};

[[nodiscard]] Bounds boundsOf(const Episode& episode, const engine::Timeouts& timeouts);
// Whether the group may be claimed by anybody because of the episode at all. Not because of links that only keep the
// hosts from hearing each other (L2), nor for what concerns the standby of the group "erp" alone; the other group may
// have that host for its owner.
[[nodiscard]] bool mayDisturb(const Episode& episode, const std::string& group);
// For how long both hosts may have the floating address: a loser that is told by nobody keeps it until its lease term
// is over (docs/TIMEOUTS.md), one whose service is dead until that has been started again. A frozen host can't act;
// the watch doesn't count that time.
[[nodiscard]] Duration longestDoubleAddress(const Episode& episode, const engine::Timeouts& timeouts);

} // namespace dyad::lab
