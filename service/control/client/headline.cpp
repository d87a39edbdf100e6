// SPDX-License-Identifier: Apache-2.0
#include "control/client/headline.h"

#include <algorithm>

namespace dyad::control {
namespace {

using model::ClusterView;
using model::GroupView;
using model::Liveness;
using model::NodeView;
using model::Role;

bool moving(Role role) { return role == Role::Claiming || role == Role::Starting || role == Role::Stopping; }

std::string nameOf(const NodeView* node) { return node ? node->name : "the peer"; }

bool pathDown(const ClusterView& view, const GroupView& group) {
    return std::any_of(view.luns.begin(), view.luns.end(),
                       [&](const model::LunView& lun) { return lun.group == group.name && !lun.pathUp; });
}

// Why the node that isn't active could not take the group over; empty: it could.
Sentence standbyOf(const ClusterView& view, const GroupView& group, const NodeView& standby) {
    const std::string& name = standby.name;
    if (!standby.self && standby.liveness == Liveness::Lost)
        return {Condition::Degraded, name + " is lost (silent on every link): there is no standby",
                "Look at " + name + "'s power and network. The service itself needs nothing."};
    if (!standby.self && standby.liveness == Liveness::Unknown)
        return {Condition::Degraded, name + " has not been heard yet: there is no standby",
                "Start " + name + ", or look at its links (`dyad status --node " + name + "`)."};
    if (!standby.self && standby.liveness == Liveness::Suspect)
        return {Condition::Moving, name + " is silent just now", ""};
    if (standby.leaving) return {Condition::Degraded, name + " is shutting down: there is no standby", ""};
    if (standby.maintenance || roleOn(view, group, name) == Role::Maintenance)
        return {Condition::Degraded, name + " is in maintenance: it won't take over",
                "When the work is done: dyad maintenance " + name + " off"};
    if (!standby.serviceAlive)
        return {Condition::Degraded, name + " is up but its service is not running: it won't take over",
                "On " + name + ": systemctl start dyadd"};
    if (roleOn(view, group, name) == Role::Failed)
        return {Condition::Degraded, "it has failed on " + name + ": it won't be moved there",
                "Find out why on " + name + " (`dyad events`), repair it, then: dyad clear-failure " + group.name};
    if (standby.self && pathDown(view, group))
        return {Condition::Degraded, name + " has no path to the array: it can't take over",
                "Look at the storage network of " + name + "."};
    return {Condition::Well, name + " stands by", ""};
}

// "Repair database (exit status 1)"
std::string repairOf(const GroupView& group) {
    for (const model::ResourceView& resource : group.resources)
        if (resource.state == model::ResourceState::Failed)
            return "Repair " + resource.name + (resource.detail.empty() ? "" : " (" + resource.detail + ")");
    return "Find out why (`dyad events`) and repair it";
}

// The links that don't carry heartbeats both ways: "link public is lost"; empty: all do.
std::string weakLinks(const ClusterView& view) {
    std::string text;
    for (const model::LinkView& link : view.links) {
        const char* state = nullptr;
        if (link.report.liveness == Liveness::Lost)
            state = " is lost";
        else if (link.report.liveness == Liveness::Alive && !link.report.peerHearsUs)
            state = " works one way only";
        if (state) text += (text.empty() ? "link " : ", link ") + link.name + state;
    }
    return text;
}

Sentence nobodyActive(const ClusterView& view, const GroupView& group) {
    const NodeView* own = ownNode(view);
    const NodeView* peer = peerNode(view);
    const std::string because = group.why.empty() ? "" : ": " + group.why;
    if (moving(group.ownRole))
        return {Condition::Moving, group.name + " is " + toText(group.ownRole) + " on " + nameOf(own) + because + ".",
                ""};
    if (group.peerRoleFresh && moving(group.peerRole))
        return {Condition::Moving, group.name + " is " + toText(group.peerRole) + " on " + nameOf(peer) + ".", ""};
    if (group.ownRole == Role::Failed || (group.peerRoleFresh && group.peerRole == Role::Failed))
        return {Condition::Bad, group.name + " has FAILED and runs nowhere" + because + ".",
                repairOf(group) + ", then: dyad clear-failure " + group.name};
    if (group.frozen)
        return {Condition::Bad, group.name + " runs nowhere and is frozen: nobody starts it.",
                "When the work is done: dyad unfreeze " + group.name};
    if (group.disabled)
        return {Condition::Degraded, group.name + " is disabled: it is stopped until somebody enables it.",
                "dyad enable " + group.name};
    if (own && own->maintenance)
        return {Condition::Bad, group.name + " runs nowhere: " + nameOf(own) + " is in maintenance.",
                "When the work is done: dyad maintenance " + nameOf(own) + " off"};
    if (pathDown(view, group))
        return {Condition::Bad, group.name + " runs nowhere: " + nameOf(own) + " has no path to the array.",
                "Look at the array and at the storage network of " + nameOf(own) + "."};
    return {Condition::Bad, group.name + " is active on neither node" + because + ".", "See the story: dyad events"};
}

} // namespace

const char* toText(Condition condition) {
    switch (condition) {
    case Condition::Well: return "OK";
    case Condition::Moving: return "IN PROGRESS";
    case Condition::Degraded: return "WARNING";
    case Condition::Bad: return "ATTENTION";
    }
    return "?";
}

const NodeView* nodeNamed(const ClusterView& view, const std::string& name) {
    for (const NodeView& node : view.nodes)
        if (node.name == name) return &node;
    return nullptr;
}

const NodeView* ownNode(const ClusterView& view) {
    for (const NodeView& node : view.nodes)
        if (node.self) return &node;
    return nullptr;
}

const NodeView* peerNode(const ClusterView& view) {
    for (const NodeView& node : view.nodes)
        if (!node.self) return &node;
    return nullptr;
}

Role roleOn(const ClusterView& view, const GroupView& group, const std::string& node) {
    const NodeView* own = ownNode(view);
    return own && own->name == node ? group.ownRole : group.peerRole;
}

Sentence headlineOf(const ClusterView& view, const GroupView& group) {
    if (group.ownRole == Role::Active && group.peerRoleFresh && group.peerRole == Role::Active)
        return {
            Condition::Bad, "both nodes say that " + group.name + " is active on them.",
            "Only one of them can hold the reservation: see the LUN's holder below, and stop dyadd on the other host."};
    if (group.activeNode.empty()) return nobodyActive(view, group);

    const bool ownActive = ownNode(view) && ownNode(view)->name == group.activeNode;
    const std::string active = group.name + " is active on " + group.activeNode;
    if (ownActive && moving(group.ownRole))
        return {Condition::Moving, group.name + " is " + toText(group.ownRole) + " on " + group.activeNode + ".", ""};
    if (ownActive && pathDown(view, group))
        return {Condition::Bad, active + ", which has lost its path to the array.",
                "Look at the array and at the storage network of " + group.activeNode + "."};
    if (group.frozen)
        return {Condition::Degraded, active + " and frozen: nothing restarts it, moves it or takes it over.",
                "When the work is done: dyad unfreeze " + group.name};
    for (const NodeView& node : view.nodes) {
        if (node.name == group.activeNode) continue;
        const Sentence standby = standbyOf(view, group, node);
        // A standby that speaks for itself while it hears nothing of the owner knows only what the array told it.
        const NodeView* owner = nodeNamed(view, group.activeNode);
        if (node.self && owner && owner->liveness == Liveness::Lost)
            return {Condition::Degraded,
                    group.activeNode + " is silent, but it still holds the array: " + group.name +
                        " is taken to be active there.",
                    "Look at the links between the two hosts. " + node.name + " takes over by itself should " +
                        group.activeNode + " stop defending its reservation."};
        if (const std::string weak = weakLinks(view); standby.condition == Condition::Well && !weak.empty())
            return {Condition::Degraded, active + "; " + standby.text + ", but " + weak + ".",
                    "Look at the cable, the switch and the firewall of that link."};
        return {standby.condition,
                active + (standby.condition == Condition::Well ? "; " : ", but ") + standby.text + ".", standby.next};
    }
    return {Condition::Well, active + ".", ""};
}

std::vector<Sentence> headlinesOf(const ClusterView& view) {
    std::vector<Sentence> sentences;
    if (view.groups.empty())
        sentences.push_back({Condition::Degraded, "no group is configured: there is nothing to keep running.",
                             "Add a [[group]] to dyad.toml."});
    for (const GroupView& group : view.groups)
        sentences.push_back(headlineOf(view, group));
    std::stable_sort(sentences.begin(), sentences.end(),
                     [](const Sentence& a, const Sentence& b) { return a.condition > b.condition; });
    return sentences;
}

} // namespace dyad::control
