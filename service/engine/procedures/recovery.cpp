// SPDX-License-Identifier: Apache-2.0
// What resources answer and what follows from a failure: restart here, as often as the ladder says; then leave the
// node.
#include "engine/procedures/procedures.h"

#include "engine/judgement/group_plan.h"
#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::ResourceOutcome;
using model::ResourceState;
using model::ResourceVerb;
using model::Role;
using model::Severity;

namespace {

void failed(StepContext& step, GroupRecord& group, model::ResourceId id, const std::string& what) {
    ResourceRecord& resource = group.resources[id.value];
    resource.state = ResourceState::Failed;
    resource.detail = what;
    resource.failures.push_back(step.now);
    step.explain(kind::resourceFailed, step.setup(group, id).name + ": " + what, &group, id, Severity::Warning);
}

void stopped(StepContext& step, GroupRecord& group, model::ResourceId id, const std::string& detail) {
    ResourceRecord& resource = group.resources[id.value];
    resource.state = ResourceState::Stopped;
    resource.killFailed = false;
    resource.mayRun = false;
    resource.detail = detail;
    step.explain(kind::resourceStopped,
                 step.setup(group, id).name + " is stopped" + (detail.empty() ? "" : ": " + detail), &group, id);
}

void stopDidNotWork(StepContext& step, GroupRecord& group, model::ResourceId id, ResourceVerb verb,
                    const std::string& what) {
    ResourceRecord& resource = group.resources[id.value];
    resource.detail = what;
    step.explain(kind::resourceFailed, step.setup(group, id).name + " does not " + toText(verb) + ": " + what, &group,
                 id, Severity::Warning);
    // After an orderly stop comes force; after force comes nothing.
    resource.state = ResourceState::Failed;
    if (verb != ResourceVerb::Kill) return;
    if (resource.mayRun) {
        resource.killFailed = true;
        return;
    }
    // It could neither be looked at nor be killed, but this boot never started it: no reason to reset the host.
    resource.state = ResourceState::Stopped;
    step.raise("resource.unknown:" + step.setup(group).name + "/" + step.setup(group, id).name,
               model::Severity::Warning,
               step.setup(group, id).name + " of group " + step.setup(group).name + " can't be looked at: " + what,
               "repair what the check needs on this node");
}

void noteProbe(ResourceRecord& resource, const model::ResourceAnswer& answer) {
    switch (answer.outcome) {
    case ResourceOutcome::Running:
        resource.state = ResourceState::Running;
        resource.mayRun = true;
        break;
    case ResourceOutcome::Starting:
        resource.state = ResourceState::Starting;
        resource.mayRun = true;
        break;
    case ResourceOutcome::Stopped: resource.state = ResourceState::Stopped; break;
    case ResourceOutcome::Failed:
        resource.state = ResourceState::Failed;
        resource.mayRun = true;
        break;
    case ResourceOutcome::CouldNotRun: resource.state = ResourceState::Unknown; break;
    }
    resource.detail = answer.detail;
}

GroupRecord* findGroup(State& state, model::GroupId group, model::ResourceId resource) {
    if (group.value >= state.groups.size() || resource.value >= state.groups[group.value].resources.size())
        return nullptr;
    return &state.groups[group.value];
}

} // namespace

void noteResource(StepContext& step, const model::ResourceAnswer& answer) {
    GroupRecord* group = findGroup(step.state, answer.group, answer.resource);
    if (!group) return;
    ResourceRecord& resource = group->resources[answer.resource.value];
    if (!resource.pending || resource.pending->operation != answer.operation || resource.pending->epoch != answer.epoch)
        return;
    const ResourceVerb verb = resource.pending->verb;
    resource.pending.reset();
    switch (verb) {
    case ResourceVerb::Probe: noteProbe(resource, answer); break;
    case ResourceVerb::Start:
        if (answer.outcome == ResourceOutcome::Running) {
            resource.state = ResourceState::Running;
            resource.detail = answer.detail;
            step.explain(kind::resourceRunning,
                         step.setup(*group, answer.resource).name + " runs" +
                             (answer.detail.empty() ? "" : ": " + answer.detail),
                         group, answer.resource);
        } else {
            failed(step, *group, answer.resource, "did not start: " + answer.detail);
        }
        break;
    case ResourceVerb::Stop:
    case ResourceVerb::Kill:
        if (answer.outcome == ResourceOutcome::Stopped)
            stopped(step, *group, answer.resource, answer.detail);
        else
            stopDidNotWork(step, *group, answer.resource, verb, answer.detail);
        break;
    }
}

void noteResource(StepContext& step, const model::ResourceNotice& notice) {
    GroupRecord* group = findGroup(step.state, notice.group, notice.resource);
    if (!group) return;
    ResourceRecord& resource = group->resources[notice.resource.value];
    if (notice.kind == model::ResourceNotice::Kind::Progress) {
        if (resource.detail != notice.detail) {
            resource.detail = notice.detail;
            step.explain(kind::resourceProgress, step.setup(*group, notice.resource).name + ": " + notice.detail, group,
                         notice.resource);
        }
        return;
    }
    // Only what runs can fail unasked; anything else is the end of something that is being stopped or started anyway.
    if (resource.state != ResourceState::Running) return;
    failed(step, *group, notice.resource, notice.detail);
}

void expireResources(StepContext& step, GroupRecord& group) {
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        ResourceRecord& resource = group.resources[i];
        if (!resource.pending || !step.due(resource.pending->deadline)) continue;
        const model::ResourceId id(static_cast<std::uint32_t>(i));
        const ResourceVerb verb = resource.pending->verb;
        resource.pending.reset();
        switch (verb) {
        case ResourceVerb::Start:
            failed(step, group, id, "did not start within " + toText(step.setup(group, id).startTimeout));
            break;
        case ResourceVerb::Stop:
            stopDidNotWork(step, group, id, verb, "not stopped within " + toText(step.setup(group, id).stopTimeout));
            break;
        case ResourceVerb::Kill:
            stopDidNotWork(step, group, id, verb, "not gone within " + toText(step.timeouts.killDeadline()));
            break;
        case ResourceVerb::Probe:
            resource.state = ResourceState::Unknown;
            resource.detail = "the probe did not answer";
            break;
        }
    }
}

void driveRunning(StepContext& step, GroupRecord& group) {
    if (giveUpOnStuck(step, group)) return;
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        ResourceRecord& resource = group.resources[i];
        if (resource.state != ResourceState::Failed || resource.mustStop) continue;
        const model::ResourceId id(static_cast<std::uint32_t>(i));
        if (group.standing.frozen) {
            if (group.role == Role::Active)
                step.transition(group, Trigger::FailedWhileFrozen, step.setup(group, id).name + ": " + resource.detail);
            continue;
        }
        const model::RestartLadder& ladder = step.setup(group, id).ladder;
        std::erase_if(resource.failures, [&](Instant at) { return step.now - at > ladder.window; });
        if (resource.failures.size() > ladder.restarts) {
            beginStop(step, group, Trigger::LadderExhausted, StopCause::Failure,
                      step.setup(group, id).name + ": " + resource.detail);
            return;
        }
        if (const Duration delay = restartDelay(step, group, id); delay > Duration::zero())
            step.explain(kind::resourceProgress,
                         step.setup(group, id).name + " starts again in " + toText(delay) + ": it failed " +
                             std::to_string(resource.failures.size()) + " times within " + toText(ladder.window),
                         &group, id);
        markDown(step, group, id);
        if (group.role == Role::Active)
            step.transition(group, Trigger::ResourceFailed, step.setup(group, id).name + ": " + resource.detail);
    }
    if (group.role == Role::Starting && everythingRuns(group)) {
        step.transition(group, Trigger::AllRunning);
        step.explain(kind::groupActive, "group " + step.setup(group).name + " is active on " + step.nodeName(step.self),
                     &group);
        step.clear("group.failed:", step.setup(group).name);
        step.clear("group.claim:", step.setup(group).name);
    }
}

void driveFailed(StepContext& step, GroupRecord& group) {
    const bool stuck = !everythingStopped(group);
    if (stuck) {
        if (group.luns.empty()) {
            // No array will refuse what goes on here.
            for (std::size_t i = 0; i < group.resources.size(); ++i)
                if (group.resources[i].killFailed)
                    fenceSelf(step, group, model::ResourceId(static_cast<std::uint32_t>(i)));
            return;
        }
        // We still hold the LUNs but don't defend: the peer challenges and takes them. Then what is stuck must go.
        if (!loseWhereLost(step, group)) return;
        for (ResourceRecord& resource : group.resources)
            resource.killFailed = false;
        return;
    }
    // The memory of a failure fades while the group is well at the peer's; with nobody running it, a person decides.
    const model::GroupStatus* word = peerWord(step, group);
    if (!peerSpeaks(step) || !word || word->role != Role::Active) return;
    Duration window{0};
    for (const model::ResourceSetup& setup : step.setup(group).resources)
        window = std::max(window, setup.ladder.window);
    if (!step.due(group.since + window)) return;
    step.transition(group, Trigger::FailureCleared,
                    "it is " + toText(window) + " ago and the group runs well on " + step.peerName());
    step.clear("group.failed:", step.setup(group).name);
}

} // namespace dyad::engine
