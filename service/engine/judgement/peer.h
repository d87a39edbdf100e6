// SPDX-License-Identifier: Apache-2.0
// Judgement: is the peer alive, suspect or lost, and what is its word on a group worth?
#pragma once

#include "engine/event.h"
#include "engine/step_context.h"

namespace dyad::engine {

// Writes what the heart reports down and tells links' and peer's changes.
void judgePeer(StepContext& step, const HeartChanged& heart);
// One-way links, once they have lasted.
void judgeDirections(StepContext& step);
// Alarms that follow from how links and peer stand.
void judgeDrift(StepContext& step);

// What a node says of the group, or null. Groups go by their names' tags: the nodes' files may differ.
[[nodiscard]] const model::GroupStatus* wordOn(const GroupRecord& group, const model::NodeStatus& status);
// The peer's last word on the group; null if it never said one. Worth nothing unless peerSpeaks().
[[nodiscard]] const model::GroupStatus* peerWord(const StepContext& step, const GroupRecord& group);
// It is alive and its service runs: its word is of now (one heartbeat old at most).
[[nodiscard]] bool peerSpeaks(const StepContext& step);
// It speaks, and could run the group if it had it.
[[nodiscard]] bool peerFit(const StepContext& step, const GroupRecord& group);
// This key was left by the peer: by a boot that is over, or by a claim that the peer itself says is over.
[[nodiscard]] bool leftByPeer(const StepContext& step, const GroupRecord& group, model::ReservationKey key);
// This key was left by an earlier boot of this node, or by a claim of this boot that is over.
[[nodiscard]] bool leftByUs(const StepContext& step, model::ReservationKey key);

} // namespace dyad::engine
