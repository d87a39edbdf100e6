// SPDX-License-Identifier: Apache-2.0
#include "engine/judgement/claimant.h"

#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::Liveness;
using model::Role;

bool gatewayGone(const StepContext& step) { return step.state.gatewayKnown && !step.state.gatewayReachable; }

bool fitHere(const StepContext& step, const GroupRecord& group) {
    if (step.state.maintenance || step.state.leaving || step.state.fenceOrdered) return false;
    if (group.role == Role::Failed || group.role == Role::Maintenance) return false;
    if (group.standing.disabled || group.standing.frozen) return false;
    // Without an array the gateway is what tells this node that it is not the one cut off.
    if (group.luns.empty() && gatewayGone(step) && !group.alone) return false;
    return std::all_of(group.luns.begin(), group.luns.end(), [](const LunRecord& lun) { return lun.pathUp; });
}

namespace {

// Both nodes live and neither owns. Whose turn is it?
bool ourTurn(StepContext& step, const GroupRecord& group) {
    // A peer that has just come up may need a moment to find its path to the array.
    if (!peerFit(step, group))
        return step.due(std::max(step.state.peer.since, step.state.startedAt) + step.timeouts.startupWait());
    if (gatewayGone(step)) return false; // the peer reaches one: clients do, too
    // We handed it over a moment ago: the peer has the first turn.
    const bool firstTurnOver = step.due(group.handoverUntil);
    if (!firstTurnOver) return false;
    // A key of a dead boot is left to the node that did not die; the other one only comes in when nothing happens.
    const bool fallback = step.due(std::max(group.since, step.state.startedAt) + step.timeouts.startupWait());
    if (!group.luns.empty() && group.luns.front().known && group.luns.front().snapshot.holder) {
        const model::ReservationKey holder = *group.luns.front().snapshot.holder;
        if (leftByPeer(step, group, holder) || holder == group.evict) return true;
        if (leftByUs(step, holder)) return fallback;
        return false; // of a foreign cluster, or of a claim of the peer that its word doesn't know yet
    }
    return step.setup(group).prefer.value_or(model::NodeId::First) == step.self || fallback;
}

} // namespace

std::optional<ClaimCause> claimCause(StepContext& step, const GroupRecord& group) {
    if (!fitHere(step, group)) return {};
    const PeerRecord& peer = step.state.peer;
    const model::GroupStatus* word = peerWord(step, group);
    for (const LunRecord& lun : group.luns)
        if (lun.known && lun.snapshot.holder && lun.snapshot.holder->cluster() != step.configuration.clusterId &&
            lun.snapshot.holder != group.evict)
            return {}; // an alarm says so
    // Defended a moment ago, but now nobody holds: the owner has let go.
    const bool letGo =
        group.claim.defended && !group.luns.empty() && group.luns.front().known && !group.luns.front().snapshot.holder;
    const bool mayTryAgain = letGo || step.due(group.claim.notBefore);

    switch (peer.liveness) {
    case Liveness::Unknown: return {};
    case Liveness::Suspect:
        // Without an array there is nothing to place a challenge on: wait until the peer is lost.
        if (group.luns.empty()) return {};
        [[fallthrough]];
    case Liveness::Lost:
        if (!mayTryAgain) return {};
        if (!peer.everHeard && !group.alone && !step.due(step.state.startedAt + step.timeouts.startupWait())) return {};
        return ClaimCause::PeerSilent;
    case Liveness::Alive: break;
    }

    // The heart lives, the service doesn't: it comes back and adopts what runs. Nothing is taken from it; but what its
    // present boot doesn't hold can't be running there.
    if (!peerSpeaks(step) || !word) {
        if (mayTryAgain && word && word->released && word->epoch >= group.epoch)
            return ClaimCause::PeerReleased; // its last word
        if (group.luns.empty() || !group.luns.front().known || !mayTryAgain) return {};
        const auto& holder = group.luns.front().snapshot.holder;
        const bool free = !holder || leftByUs(step, *holder) || leftByPeer(step, group, *holder);
        return free && step.due(std::max(peer.since, step.state.startedAt) + 2 * step.timeouts.startupWait())
                   ? std::optional(ClaimCause::NobodyOwns)
                   : std::nullopt;
    }
    if (!mayTryAgain) return {};
    // Our own attempt makes our epoch the later one: what was released is claimed in this way only once.
    // What the peer said before it has heard that the group is enabled again is neither an invitation nor a refusal: the
    // preferred node has its turn.
    const bool agreed = word->standing == group.standing;
    if (!agreed && !step.due(group.handoverUntil)) return {};
    if (word->released && agreed && word->epoch >= group.epoch && !owns(word->role)) return ClaimCause::PeerReleased;
    if (word->useless) return ClaimCause::PeerUseless;
    if (owns(word->role) || word->role == Role::Claiming || word->role == Role::Lost) return {};
    return ourTurn(step, group) ? std::optional(ClaimCause::NobodyOwns) : std::nullopt;
}

} // namespace dyad::engine
