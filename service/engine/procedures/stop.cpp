// SPDX-License-Identifier: Apache-2.0
// Giving a group away in order: stop everything, release every LUN, say so in the heartbeat.
#include "engine/procedures/procedures.h"

#include "engine/judgement/group_plan.h"
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::Role;

void beginStop(StepContext& step, GroupRecord& group, Trigger trigger, StopCause cause, const std::string& detail) {
    group.stopCause = cause;
    group.releasing = false;
    step.transition(group, trigger, detail);
}

namespace {

// Taken from a peer that is still not heard: it may only be standing still, with writes on their way. The array refuses
// them as long as somebody holds the reservation, so it stays until the next owner takes it over.
bool mustKeepReservation(const StepContext& step, const GroupRecord& group) {
    const PeerRecord& peer = step.state.peer;
    return group.takeover && !group.luns.empty() && peer.everHeard && peer.liveness != model::Liveness::Alive;
}

void finish(StepContext& step, GroupRecord& group) {
    const bool all = std::all_of(group.luns.begin(), group.luns.end(), [](const LunRecord& lun) {
        return lun.answer && lun.answer->outcome == model::ReservationOutcome::Good && !lun.answer->snapshot.holder;
    });
    for (LunRecord& lun : group.luns) {
        lun.answer.reset();
        lun.provenEpoch = model::Epoch();
    }
    group.releasing = false;
    group.released = all;
    // A claim that the array has refused to the peer meanwhile doesn't outdate the release; one that still goes on
    // does.
    const model::GroupStatus* word = peerWord(step, group);
    const bool over = word && !owns(word->role) && word->role != Role::Claiming;
    if (all && over) group.epoch = std::max(group.epoch, word->epoch);
    const bool kept = !all && mustKeepReservation(step, group);
    group.handoverUntil = step.now + step.timeouts.orderPatience();
    step.explain(all ? kind::reservationReleased : kind::groupStopped,
                 all    ? "every LUN of the group is let go of"
                 : kept ? "stopped; the reservation stays, for " + step.peerName() +
                              " was never heard to let go: what it may still write is refused"
                        : "stopped, but not every LUN could be released: our key is left behind",
                 &group);
    const std::string& name = step.setup(group).name;
    if (group.stopCause != StopCause::Failure) {
        step.transition(group, Trigger::EverythingStopped);
        return;
    }
    step.transition(group, Trigger::StoppedAfterFailure);
    const bool peerTakes = peerFit(step, group);
    step.raise("group.failed:" + name, peerTakes ? model::Severity::Warning : model::Severity::Critical,
               "group " + name + " could not run on " + step.nodeName(step.self) +
                   (peerTakes ? "; it moves to " + step.peerName() : " and can't move: it is stopped"),
               "find the cause in `dyad events`, repair it, then `dyad clear-failure " + name + "`");
}

} // namespace

bool giveUpOnStuck(StepContext& step, GroupRecord& group) {
    if (std::none_of(group.resources.begin(), group.resources.end(),
                     [](const ResourceRecord& each) { return each.killFailed; }))
        return false;
    step.transition(group, Trigger::StopFailed);
    step.raise("group.failed:" + step.setup(group).name, model::Severity::Critical,
               "group " + step.setup(group).name + " can't be stopped on " + step.nodeName(step.self) +
                   ", not even by force",
               "the peer takes the LUNs; reboot " + step.nodeName(step.self));
    return true;
}

void driveStopping(StepContext& step, GroupRecord& group) {
    if (giveUpOnStuck(step, group)) return;
    if (!everythingStopped(group)) return;
    if (!group.releasing && mustKeepReservation(step, group)) {
        for (LunRecord& lun : group.luns) {
            lun.answer.reset();
            step.act(CloseGate{lun.id});
        }
        finish(step, group);
        return;
    }
    if (!group.releasing) {
        group.releasing = true;
        for (std::size_t i = 1; i < group.luns.size(); ++i)
            step.request(group, group.luns[i], model::ReservationCommand::Release);
        for (LunRecord& lun : group.luns)
            lun.answer.reset();
    }
    const auto pending = [](const LunRecord& lun) {
        return lun.pending && lun.pending->command == model::ReservationCommand::Release;
    };
    if (std::any_of(group.luns.begin(), group.luns.end(), pending)) return;
    // The arbiter goes last: whoever wins it finds the others free.
    if (!group.luns.empty() && !group.luns.front().answer)
        step.request(group, group.luns.front(), model::ReservationCommand::Release);
    else
        finish(step, group);
}

void driveShutdown(StepContext& step) {
    if (!step.state.leaving || step.state.shutdownTold) return;
    const bool down = std::all_of(step.state.groups.begin(), step.state.groups.end(), [&](const GroupRecord& group) {
        const bool waitsForReset = step.state.fenceOrdered && group.role == Role::Lost; // nothing more can be done here
        const bool atRest = group.settled && (waitsForReset || group.role == Role::Standby ||
                                              group.role == Role::Failed || group.role == Role::Maintenance);
        const bool answered = std::none_of(group.luns.begin(), group.luns.end(), [](const LunRecord& lun) {
            return lun.pending && lun.pending->command != model::ReservationCommand::Read;
        });
        return atRest && answered;
    });
    if (!down) return;
    step.state.shutdownTold = true;
    step.act(ShutdownFinished{});
}

} // namespace dyad::engine
