// SPDX-License-Identifier: Apache-2.0
// What operators want, and what moves by policy. An order is accepted when it is under way, or refused with what stands
// in the way; it never half-happens.
#include "engine/procedures/procedures.h"

#include "engine/judgement/claimant.h"
#include "engine/judgement/group_plan.h"
#include "engine/judgement/peer.h"

#include <algorithm>

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

// " (for 12 s)": as long as this life of the service has seen it.
std::string soLong(const StepContext& step, Instant since) { return " (for " + age(step.now - since) + ")"; }

std::string whyPeerCantTake(const StepContext& step, const GroupRecord& group) {
    const PeerRecord& peer = step.state.peer;
    const std::string& name = step.peerName();
    const model::GroupStatus* word = peerWord(step, group);
    const std::string said = soLong(step, peer.statusSince);
    if (peer.liveness != model::Liveness::Alive)
        return name + " is " + toText(peer.liveness) + soLong(step, peer.since) + ": repair it or its links first";
    if (!peerSpeaks(step)) return "the service on " + name + " does not run" + said + ": start it first";
    if (!word) return name + " does not know this group: compare the files with `dyad config diff`";
    if (peer.status.maintenance)
        return name + " is in maintenance" + said + ": end it there with `dyad maintenance " + name + " off`";
    if (peer.status.leaving) return name + " is shutting down" + said;
    if (word->role == Role::Failed)
        return "the group failed on " + name + soLong(step, group.peerRoleSince) +
               ": repair it there, then `dyad clear-failure`";
    return name + " can't run the group now (no path to the array or no gateway in reach): look at `dyad status` there";
}

std::string whyNotHere(const StepContext& step, const GroupRecord& group) {
    const std::string& self = step.nodeName(step.self);
    if (step.state.maintenance)
        return self + " is in maintenance" + (group.role == Role::Maintenance ? soLong(step, group.since) : "") +
               ": end it with `dyad maintenance " + self + " off`";
    if (group.role == Role::Failed)
        return "the group failed here" + soLong(step, group.since) + ": repair it, then `dyad clear-failure`";
    for (const LunRecord& lun : group.luns)
        if (!lun.pathUp)
            return self + " has no path to LUN " + step.name(lun) + soLong(step, lun.pathDownSince) +
                   ": check the storage network";
    return self + " can't run the group now: it leaves, or reaches no gateway";
}

void moveToPeer(StepContext& step, const OrderGiven& order, GroupRecord& group) {
    if (!peerFit(step, group)) return answer(step, order, false, whyPeerCantTake(step, group));
    answer(step, order, true, "group " + step.setup(group).name + " is stopped here and started on " + step.peerName());
    beginStop(step, group, Trigger::SwitchoverOrdered, StopCause::Switchover, "by " + order.who);
}

void fetchFromPeer(StepContext& step, const OrderGiven& order, GroupRecord& group) {
    if (!fitHere(step, group)) return answer(step, order, false, whyNotHere(step, group));
    group.asksUntil = step.now + step.timeouts.orderPatience();
    answer(step, order, true, step.peerName() + " is asked to stop the group; it is then started here");
}

std::string undoing(const StepContext& step, const GroupRecord& group) {
    const std::string& name = step.setup(group).name;
    const std::string since = soLong(step, group.standingSince);
    return group.standing.frozen ? "the group is frozen" + since + ": `dyad unfreeze " + name + "` first"
                                 : "the group is disabled" + since + ": `dyad enable " + name + "` starts it";
}

void move(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    if (group.standing.frozen || group.standing.disabled) return answer(step, order, false, undoing(step, group));
    const std::optional<model::NodeId> preferred = step.setup(group).prefer;
    const model::GroupStatus* word = peerWord(step, group);
    const bool here = group.role == Role::Active;
    const bool there = !owns(group.role) && peerSpeaks(step) && word && word->role == Role::Active;
    if (!here && !there)
        return answer(step, order, false,
                      "group " + step.setup(group).name + " is not active on any node that can be asked; here it is " +
                          toText(group.role) + soLong(step, group.since) + (group.why.empty() ? "" : ": " + group.why));
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

// What the group is doing right now, here or at the peer's, that an order can't be put between; empty: it is at rest.
std::string underWay(const StepContext& step, const GroupRecord& group) {
    const auto moving = [](Role role) {
        return role == Role::Claiming || role == Role::Stopping || role == Role::Lost;
    };
    if (moving(group.role))
        return std::string("the group is ") + toText(group.role) + " here" + soLong(step, group.since) +
               ": wait until that is over";
    const model::GroupStatus* word = peerWord(step, group);
    if (peerSpeaks(step) && word && moving(word->role))
        return std::string("the group is ") + toText(word->role) + " on " + step.peerName() +
               soLong(step, group.peerRoleSince) + ": wait until that is over";
    return {};
}

// Who follows only later, because it isn't heard now.
std::string whoHearsLater(const StepContext& step) {
    return peerSpeaks(step) ? "" : "; " + step.peerName() + " is not heard now and follows as soon as it is";
}

void freeze(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    const bool on = order.kind == OrderKind::Freeze;
    if (group.standing.frozen == on)
        return answer(step, order, false, on ? "the group is frozen already" : "the group is not frozen");
    if (const std::string busy = underWay(step, group); on && !busy.empty()) return answer(step, order, false, busy);
    answer(step, order, true,
           (on ? "nothing of the group is started, stopped, restarted or taken over until it is unfrozen; the array is "
                 "still guarded"
               : "the group is looked after again") +
               whoHearsLater(step));
    setStandingOrder(step, group, group.standing.disabled, on);
}

void disable(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    const bool on = order.kind == OrderKind::Disable;
    if (group.standing.frozen) return answer(step, order, false, undoing(step, group));
    if (group.standing.disabled == on)
        return answer(step, order, false, on ? "the group is disabled already" : "the group is not disabled");
    answer(step, order, true,
           (on ? "the group is stopped in order wherever it runs, and stays stopped until it is enabled; its "
                 "configuration is kept"
               : "the group is started on the node whose turn it is") +
               whoHearsLater(step));
    setStandingOrder(step, group, on, false);
}

void restartResource(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    if (group.standing.frozen) return answer(step, order, false, undoing(step, group));
    if (order.resource.value >= group.resources.size())
        return answer(step, order, false, "the group has no such resource");
    if (group.role != Role::Active)
        return answer(step, order, false,
                      "the group is not active here, it is " + std::string(toText(group.role)) +
                          (group.role == Role::Standby ? ": give this order on the node that runs it" : ""));
    const std::string& name = step.setup(group, order.resource).name;
    answer(step, order, true, name + " and what stands on it is stopped in order and started again");
    markDown(step, group, order.resource);
    step.transition(group, Trigger::RestartOrdered, name + ", by " + order.who);
}

void startAlone(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    if (group.standing.frozen || group.standing.disabled) return answer(step, order, false, undoing(step, group));
    if (group.role != Role::Standby)
        return answer(step, order, false, "the group is " + std::string(toText(group.role)) + " here already");
    if (step.state.peer.liveness == model::Liveness::Alive)
        return answer(step, order, false,
                      step.peerName() + " is heard: the two settle by themselves who runs the group");
    group.alone = true;
    group.claim.notBefore = Instant();
    answer(step, order, true,
           group.luns.empty() ? "the group is started without waiting for " + step.peerName() +
                                    "; no array keeps it from running there, too"
                              : "the group is claimed without waiting for " + step.peerName() +
                                    "; the array still refuses it if that node defends it");
}

void releaseClaim(StepContext& step, const OrderGiven& order) {
    GroupRecord& group = step.state.groups[order.group.value];
    if (group.role != Role::Standby)
        return answer(step, order, false, "the group is " + std::string(toText(group.role)) + " here, not standby");
    const auto stranger = [&](const LunRecord& lun) {
        return lun.known && lun.snapshot.holder && lun.snapshot.holder->cluster() != step.configuration.clusterId;
    };
    const auto held = std::find_if(group.luns.begin(), group.luns.end(), [&](const LunRecord& lun) {
        return stranger(lun) && *lun.snapshot.holder == order.key;
    });
    if (held == group.luns.end()) {
        const auto other = std::find_if(group.luns.begin(), group.luns.end(), stranger);
        return answer(step, order, false,
                      other == group.luns.end()
                          ? "no LUN of the group is held by a stranger: what a node of this cluster left behind is "
                            "taken without an order"
                          : "LUN " + step.name(*other) + " is held by " + toText(*other->snapshot.holder) +
                                ", not by the key that was confirmed");
    }
    if (!group.standing.disabled && !group.standing.frozen && !step.state.maintenance) {
        group.evict = order.key;
        group.claim.notBefore = Instant();
        return answer(step, order, true,
                      "the stranger's key is removed from LUN " + step.name(*held) + " and the group is claimed");
    }
    answer(step, order, false, "the group may not run here now (disabled, frozen or maintenance)");
}

} // namespace

void takeOrder(StepContext& step, const OrderGiven& order) {
    if (order.group.value >= step.state.groups.size())
        return step.act(AnswerOrder{order.request, false, "there is no such group"});
    switch (order.kind) {
    case OrderKind::Switchover:
    case OrderKind::Switchback: move(step, order); break;
    case OrderKind::ClearFailure: clearFailure(step, order); break;
    case OrderKind::Freeze:
    case OrderKind::Unfreeze: freeze(step, order); break;
    case OrderKind::Disable:
    case OrderKind::Enable: disable(step, order); break;
    case OrderKind::RestartResource: restartResource(step, order); break;
    case OrderKind::StartAlone: startAlone(step, order); break;
    case OrderKind::ReleaseClaim: releaseClaim(step, order); break;
    case OrderKind::MaintenanceOn:
    case OrderKind::MaintenanceOff:
        if (order.aboutPeer) return answer(step, order, false, "give this order on " + step.peerName() + " itself");
        setMaintenance(step, order.kind == OrderKind::MaintenanceOn);
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
        if (group.standing.frozen) return;
        if (group.standing.disabled) return beginStop(step, group, Trigger::DisableOrdered, StopCause::Disable);
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
        (!setup.failbackWindow || group.failbackOpen) && step.due(step.state.peer.since + setup.failbackAfter))
        beginStop(step, group, Trigger::SwitchoverOrdered, StopCause::Switchover, "failback by policy");
}

} // namespace dyad::engine
