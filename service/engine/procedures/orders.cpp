// SPDX-License-Identifier: Apache-2.0
// What operators want, and what moves by policy. An order is accepted when it is under way, or refused with what stands
// in the way; it never half-happens.
#include "engine/procedures/procedures.h"

#include "engine/judgement/claimant.h"
#include "engine/judgement/group_plan.h"
#include "engine/judgement/peer.h"

namespace dyad::engine {

using model::OrderKind;
using model::Role;

namespace {

void answer(StepContext& step, const OrderGiven& order, bool accepted, const std::string& text) {
    const GroupRecord* group = order.kind == OrderKind::MaintenanceOn || order.kind == OrderKind::MaintenanceOff
                                   ? nullptr
                                   : &step.state.groups[order.group.value];
    step.explain(kind::order,
                 std::string(toText(order.kind)) + " ordered by " + order.who +
                     (accepted ? ": accepted, " : ": refused, ") + text,
                 group);
    step.act(AnswerOrder{order.request, accepted, text});
}

std::string whyPeerCantTake(const StepContext& step, const GroupRecord& group) {
    const std::string& peer = step.peerName();
    const model::GroupStatus* word = peerWord(step, group);
    if (step.state.peer.liveness != model::Liveness::Alive)
        return peer + " is " + toText(step.state.peer.liveness) + ": repair it or its links first";
    if (!peerSpeaks(step) || !word) return "the service on " + peer + " does not run: start it first";
    if (step.state.peer.status.maintenance)
        return peer + " is in maintenance: end it there with `dyad maintenance " + peer + " off`";
    if (step.state.peer.status.leaving) return peer + " is shutting down";
    if (word->role == Role::Failed)
        return "the group failed on " + peer + ": repair it there, then `dyad clear-failure`";
    return peer + " can't run the group now (no path to the array or no gateway in reach): look at `dyad status` there";
}

void moveToPeer(StepContext& step, const OrderGiven& order, GroupRecord& group) {
    if (!peerFit(step, group)) return answer(step, order, false, whyPeerCantTake(step, group));
    answer(step, order, true, "group " + step.setup(group).name + " is stopped here and started on " + step.peerName());
    beginStop(step, group, Trigger::SwitchoverOrdered, StopCause::Switchover, "by " + order.who);
}

void fetchFromPeer(StepContext& step, const OrderGiven& order, GroupRecord& group) {
    if (!fitHere(step, group))
        return answer(step, order, false,
                      step.nodeName(step.self) +
                          " can't run the group now: maintenance, a failure, no path to the array or no gateway");
    group.asksUntil = step.now + step.timeouts.orderPatience();
    answer(step, order, true, step.peerName() + " is asked to stop the group; it is then started here");
}

void move(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    const std::optional<model::NodeId> preferred = step.setup(group).prefer;
    const model::GroupStatus* word = peerWord(step, group);
    const bool here = group.role == Role::Active;
    const bool there = !owns(group.role) && peerSpeaks(step) && word && word->role == Role::Active;
    if (!here && !there)
        return answer(step, order, false,
                      "group " + step.setup(group).name + " is not active on any node that can be asked; here it is " +
                          toText(group.role) + (group.why.empty() ? "" : ": " + group.why));
    if (order.kind == OrderKind::Switchback) {
        if (!preferred)
            return answer(step, order, false,
                          "the group prefers no node: use `dyad switchover " + step.setup(group).name + "`");
        if ((here && *preferred == step.self) || (there && *preferred != step.self))
            return answer(step, order, false,
                          "the group is on its preferred node " + step.nodeName(*preferred) + " already");
    }
    here ? moveToPeer(step, order, group) : fetchFromPeer(step, order, group);
}

void clearFailure(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    if (group.role != Role::Failed)
        return answer(step, order, false, "the group is not failed here, it is " + std::string(toText(group.role)));
    if (!everythingStopped(group))
        return answer(step, order, false, "a resource of the group still can't be stopped here: reboot this node");
    answer(step, order, true, "the group may run here again");
    for (ResourceRecord& resource : group.resources)
        resource.failures.clear();
    step.transition(group, Trigger::FailureCleared, "by " + order.who);
    step.clear("group.failed:", step.setup(group).name);
}

} // namespace

void takeOrder(StepContext& step, const OrderGiven& order) {
    if (order.group.value >= step.state.groups.size())
        return step.act(AnswerOrder{order.request, false, "there is no such group"});
    switch (order.kind) {
    case OrderKind::Switchover:
    case OrderKind::Switchback: move(step, order); break;
    case OrderKind::ClearFailure: clearFailure(step, order); break;
    case OrderKind::MaintenanceOn:
    case OrderKind::MaintenanceOff:
        if (order.aboutPeer) return answer(step, order, false, "give this order on " + step.peerName() + " itself");
        step.state.maintenance = order.kind == OrderKind::MaintenanceOn;
        answer(step, order, true,
               step.state.maintenance ? "this node takes no group over from now on; what runs here stays"
                                      : "this node stands by again");
        break;
    }
}

void driveWishes(StepContext& step, GroupRecord& group) {
    const model::GroupStatus* word = peerWord(step, group);
    if (peerSpeaks(step) && word && word->role == Role::Active) step.clear("group.claim:", step.setup(group).name);
    if (group.asksUntil && peerSpeaks(step) && word && word->role == Role::Stopping)
        group.asksUntil.reset(); // it does as asked
    if (group.asksUntil && step.due(*group.asksUntil)) {
        group.asksUntil.reset();
        step.explain(kind::order, step.peerName() + " did not hand the group over in time; the order is given up",
                     &group, {}, model::Severity::Warning);
    }
    if (group.role == Role::Starting || group.role == Role::Active) {
        if (step.state.leaving) return beginStop(step, group, Trigger::ShutdownOrdered, StopCause::Shutdown);
    }
    if (group.role != Role::Active || !peerFit(step, group)) return;
    if (word->asks)
        return beginStop(step, group, Trigger::SwitchoverOrdered, StopCause::Switchover,
                         "asked for by " + step.peerName());
    if (gatewayGone(step) && step.due(step.state.gatewayGoneSince + step.timeouts.gatewayGrace()))
        return beginStop(step, group, Trigger::PublicNetworkLost, StopCause::PublicNetwork);
    const model::GroupSetup& setup = step.setup(group);
    if (setup.failback == model::Failback::Auto && setup.prefer == model::otherNode(step.self) &&
        step.state.peer.since > group.wonAt && // else a person moved it here while the preferred node was well
        step.due(step.state.peer.since + step.timeouts.failbackAfter()))
        beginStop(step, group, Trigger::SwitchoverOrdered, StopCause::Switchover, "failback by policy");
}

} // namespace dyad::engine
