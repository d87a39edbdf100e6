// SPDX-License-Identifier: Apache-2.0
// The lease is gone: latch the data path, drop the addresses, kill the processes, unmount. What can't be stopped makes
// the node reset itself.
#include "engine/procedures/procedures.h"

#include "engine/judgement/group_plan.h"
#include "engine/judgement/lease.h"

#include <algorithm>

namespace dyad::engine {

bool loseWhereLost(StepContext& step, GroupRecord& group) {
    const std::optional<std::string> because = leaseLostBecause(step, group);
    if (!because) return false;
    for (const LunRecord& lun : group.luns)
        step.act(CloseGate{lun.id});
    step.explain(kind::leaseLost, *because, &group, {}, model::Severity::Critical);
    group.releasing = false;
    group.reprove = false;
    step.transition(group, Trigger::LeaseLost, *because);
    return true;
}

void fenceSelf(StepContext& step, const GroupRecord& group, model::ResourceId stuck) {
    if (step.state.fenceOrdered) return;
    step.state.fenceOrdered = true;
    const std::string reason = step.setup(group, stuck).name + " of group " + step.setup(group).name +
                               " can't be stopped: " + group.resources[stuck.value].detail;
    step.explain(kind::selfFence, reason, &group, stuck, model::Severity::Critical);
    step.act(SelfFence{reason});
}

void driveLost(StepContext& step, GroupRecord& group) {
    const auto stuck = std::find_if(group.resources.begin(), group.resources.end(),
                                    [](const ResourceRecord& each) { return each.killFailed; });
    if (stuck != group.resources.end()) {
        fenceSelf(step, group, model::ResourceId(static_cast<std::uint32_t>(stuck - group.resources.begin())));
        return;
    }
    if (!everythingStopped(group)) return;
    for (LunRecord& lun : group.luns) {
        lun.provenEpoch = model::Epoch();
        lun.fenced = false;
    }
    step.transition(group, Trigger::Silenced);
    step.explain(kind::groupStopped,
                 "nothing of group " + step.setup(group).name + " is left on " + step.nodeName(step.self), &group);
}

} // namespace dyad::engine
