// SPDX-License-Identifier: Apache-2.0
#include "engine/judgement/lease.h"

#include "engine/judgement/claimant.h"
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

bool leaseProven(const GroupRecord& group) {
    return group.epoch.value != 0 && std::all_of(group.luns.begin(), group.luns.end(),
                                                 [&](const LunRecord& lun) { return lun.provenEpoch == group.epoch; });
}

namespace {

// A group without a LUN has no array to ask: links plus gateway are its lease.
std::optional<std::string> lunlessLeaseLostBecause(StepContext& step, const GroupRecord& group) {
    const PeerRecord& peer = step.state.peer;
    if (peer.liveness == model::Liveness::Lost && gatewayGone(step))
        return "neither the peer nor a gateway is heard: this node may be the one that is cut off";
    const model::GroupStatus* word = peerWord(step, group);
    if (peer.liveness == model::Liveness::Alive && word && owns(word->role) && owns(group.role)) {
        const bool peerIsPreferred = step.setup(group).prefer.value_or(model::NodeId::First) != step.self;
        if (word->epoch > group.epoch || (word->epoch == group.epoch && peerIsPreferred))
            return "both nodes ran the group while the links were down; the peer's claim is the one that stays";
    }
    return {};
}

} // namespace

std::optional<std::string> leaseLostBecause(StepContext& step, const GroupRecord& group) {
    if (group.luns.empty()) return lunlessLeaseLostBecause(step, group);
    for (const LunRecord& lun : group.luns) {
        if (lun.fenced) return "LUN " + step.name(lun) + " refuses our writes";
        // While the LUNs are being released our key is expected to go.
        if (!group.releasing && lun.known && !(lun.snapshot.heldBy(group.key) && lun.snapshot.registered(group.key)))
            return "LUN " + step.name(lun) + " shows " +
                   (lun.snapshot.holder ? "another holder: " + model::toText(*lun.snapshot.holder) : "no holder");
        // L3: no path, and the peer has one: it can serve, we can't.
        if (!lun.pathUp && peerFit(step, group) && step.due(lun.pathDownSince + step.timeouts.pathGrace()))
            return "no path to LUN " + step.name(lun) + " for " + toText(step.now - lun.pathDownSince) +
                   ", the peer has one";
        // S4: it could not be verified for a lease term.
        if (step.due(lun.provenFrom + step.timeouts.leaseTerm()))
            return "the reservation on LUN " + step.name(lun) + " could not be verified for " +
                   toText(step.now - lun.provenFrom);
    }
    // The peer has read its own reservation back in a later epoch, or it would not say so: ours is gone, whether or not
    // the array can be asked now.
    const model::GroupStatus* word = peerWord(step, group);
    if (peerSpeaks(step) && word && owns(word->role) && word->epoch > group.epoch)
        return "the peer runs the group in epoch " + std::to_string(word->epoch.value) + ", later than ours";
    return {};
}

} // namespace dyad::engine
