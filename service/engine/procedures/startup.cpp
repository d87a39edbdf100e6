// SPDX-License-Identifier: Apache-2.0
// Start-up. The service may be new on a host that has just booted, or may have died a moment ago while everything it
// had started runs on. The array tells which: a reservation of this boot is ours.
#include "engine/procedures/procedures.h"

#include "base/check.h"
#include "engine/judgement/group_plan.h"
#include "engine/judgement/lease.h"
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::ResourceState;

namespace {

// What the heart remembers that this node last said of the group; null after a boot, or when the heart died, too.
const model::GroupStatus* ownLastWord(const StepContext& step, const GroupRecord& group) {
    return step.state.previous ? wordOn(group, *step.state.previous) : nullptr;
}

} // namespace

void beginStartup(StepContext& step, const Started& started) {
    State& state = step.state;
    DYAD_CHECK(!state.started, "the engine was started twice");
    state.started = true;
    state.startedAt = step.now;
    state.peer.since = step.now;
    state.boot = started.boot;
    // Far from every number of an earlier run: dyad-lun lives on and may still answer what that run asked.
    state.lastOperation = model::OperationId(static_cast<std::uint64_t>(step.now.nanoseconds()));
    state.previous = started.previous;
    step.explain(kind::serviceStarted, std::string("the service starts on ") + step.nodeName(step.self) +
                                           (started.previous ? "; its heart lived on and remembers what it ran" : ""));
    recallStandingOrders(step, started);
    for (GroupRecord& group : state.groups) {
        group.since = step.now;
        if (const model::GroupStatus* lastWord = ownLastWord(step, group)) group.epoch = lastWord->epoch;
        for (LunRecord& lun : group.luns) {
            lun.pathDownSince = step.now;
            lun.lastLook = step.now;
            step.request(group, lun, model::ReservationCommand::Read);
        }
        for (std::size_t i = 0; i < group.resources.size(); ++i)
            step.request(group, model::ResourceId(static_cast<std::uint32_t>(i)), model::ResourceVerb::Probe);
    }
}

namespace {

// The claim of this very boot that holds every LUN of the group, if there is one.
std::optional<model::ReservationKey> ownClaim(const StepContext& step, const GroupRecord& group) {
    std::optional<model::ReservationKey> claim;
    for (const LunRecord& lun : group.luns) {
        if (!lun.known || !lun.pathUp || lun.fenced || !lun.snapshot.holder) return {};
        const model::ReservationKey holder = *lun.snapshot.holder;
        if (!holder.isOf(step.configuration.clusterId, step.self) || !holder.isOfBoot(step.state.boot)) return {};
        if (claim && !claim->sameClaim(holder)) return {};
        claim = holder.withLogin(0);
    }
    return claim;
}

bool adopt(StepContext& step, GroupRecord& group) {
    // A claim that this boot had given up may still stand on the array: it is claimed anew, not adopted.
    const model::GroupStatus* lastWord = ownLastWord(step, group);
    if (lastWord ? !owns(lastWord->role) : everythingStopped(group)) return false;
    if (group.luns.empty()) {
        if (!lastWord) return false; // no array to ask, and nobody who remembers
    } else {
        const std::optional<model::ReservationKey> claim = ownClaim(step, group);
        if (!claim) return false;
        group.key = *claim;
        if ((group.epoch.value & 0xffff) != claim->epoch()) group.epoch = model::Epoch(claim->epoch());
        for (LunRecord& lun : group.luns) {
            lun.provenFrom = lun.readFrom;
            lun.provenEpoch = group.epoch;
        }
    }
    if (group.epoch.value == 0) return false;
    step.transition(group, Trigger::Adopted);
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        ResourceRecord& resource = group.resources[i];
        const model::ResourceId id(static_cast<std::uint32_t>(i));
        if (resource.state == ResourceState::Running)
            step.explain(kind::resourceAdopted, step.setup(group, id).name + " runs and is adopted untouched", &group,
                         id);
        else if (resource.state == ResourceState::Starting)
            step.explain(kind::resourceAdopted,
                         step.setup(group, id).name + " is still starting: it is adopted untouched and waited for",
                         &group, id);
        else if (resource.state != ResourceState::Stopped)
            markDown(step, group, id);
    }
    return true;
}

} // namespace

void settleStartup(StepContext& step, GroupRecord& group) {
    for (const ResourceRecord& resource : group.resources)
        if (resource.pending) return;
    const bool somethingRuns = !everythingStopped(group);
    for (LunRecord& lun : group.luns) {
        if (lun.pending) return;
        // Something runs and the array can't be asked yet: ask again before it is killed for want of a proof.
        if (!lun.pathUp && somethingRuns && !step.due(step.state.startedAt + step.timeouts.leaseTerm())) {
            if (step.due(lun.lastLook + step.timeouts.defendInterval())) {
                lun.lastLook = step.now;
                step.request(group, lun, model::ReservationCommand::Read);
            }
            return;
        }
    }
    group.settled = true;
    if (adopt(step, group)) return;
    for (LunRecord& lun : group.luns)
        lun.fenced = false;
    if (somethingRuns) {
        for (LunRecord& lun : group.luns)
            step.act(CloseGate{lun.id});
        step.transition(group, Trigger::RunsWithoutLease);
    }
}

} // namespace dyad::engine
