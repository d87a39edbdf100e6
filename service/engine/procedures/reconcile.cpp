// SPDX-License-Identifier: Apache-2.0
// One rule for starting and stopping: look at what each resource is and at what the role wants, and ask for the next
// things that may happen. What does not depend on each other goes on in parallel.
#include "engine/procedures/procedures.h"

#include "engine/judgement/group_plan.h"

namespace dyad::engine {

using model::ResourceId;
using model::ResourceState;
using model::ResourceVerb;
using model::Role;

namespace {

void killNext(StepContext& step, GroupRecord& group) {
    for (const ResourceId id : killOrder(step, group)) {
        const ResourceRecord& resource = group.resources[id.value];
        const bool beingKilled = resource.pending && resource.pending->verb == ResourceVerb::Kill;
        if (resource.state == ResourceState::Stopped || beingKilled || resource.killFailed || !mayKill(step, group, id))
            continue;
        step.request(group, id, ResourceVerb::Kill);
    }
}

void bringDown(StepContext& step, GroupRecord& group, ResourceId id) {
    const ResourceRecord& resource = group.resources[id.value];
    const bool stopUnderWay = resource.pending && resource.pending->verb != ResourceVerb::Start;
    if (stopUnderWay || resource.killFailed || !mayStop(step, group, id)) return;
    const bool inOrder = resource.state == ResourceState::Running || resource.state == ResourceState::Starting;
    step.request(group, id, inOrder ? ResourceVerb::Stop : ResourceVerb::Kill);
}

} // namespace

void reconcile(StepContext& step, GroupRecord& group) {
    // Lost, or stuck in a failed stop: what still can be made silent is made so, the addresses first.
    if (group.role == Role::Lost || group.role == Role::Failed) {
        killNext(step, group);
        return;
    }
    if (group.standing.frozen && group.role != Role::Stopping) return;
    for (std::size_t i = group.resources.size(); i-- > 0;) {
        const ResourceId id(static_cast<std::uint32_t>(i));
        ResourceRecord& resource = group.resources[i];
        if (resource.state == ResourceState::Stopped)
            resource.mustStop = false;
        else if (group.role == Role::Stopping || resource.mustStop)
            bringDown(step, group, id);
    }
    if (group.role == Role::Stopping || group.reprove) return;
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        const ResourceId id(static_cast<std::uint32_t>(i));
        const ResourceRecord& resource = group.resources[i];
        // What was found starting is joined: the answer comes when it is ready.
        const bool found = resource.state == ResourceState::Starting && !resource.pending && !resource.mustStop;
        if ((resource.state == ResourceState::Stopped || found) && mayStart(step, group, id))
            step.request(group, id, ResourceVerb::Start);
    }
}

} // namespace dyad::engine
