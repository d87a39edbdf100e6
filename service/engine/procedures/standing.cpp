// SPDX-License-Identifier: Apache-2.0
// Orders that stand until somebody takes them back. The pair has one truth about each group: whoever is given an order
// counts its version up, says so in every heartbeat, and the other node follows. Two orders given on both sides of a
// partition have the same version: then both restrictions stand, which is the safe half of two opinions.
#include "engine/procedures/procedures.h"

#include "engine/judgement/peer.h"

#include <algorithm>

namespace dyad::engine {

using model::StandingOrder;

namespace {

bool isLater(std::uint16_t version, std::uint16_t than) {
    const auto ahead = static_cast<std::uint16_t>(version - than);
    return ahead != 0 && ahead < 0x8000;
}

void keepOnDisk(StepContext& step) {
    model::StandingOrders all;
    all.maintenance = step.state.maintenance;
    for (const GroupRecord& group : step.state.groups)
        if (group.standing.version != 0) all.groups.emplace_back(step.setup(group).name, group.standing);
    step.act(KeepStandingOrders{std::move(all)});
}

void tellFrozen(StepContext& step, const GroupRecord& group) {
    const std::string& name = step.setup(group).name;
    if (group.standing.frozen)
        step.raise("group.frozen:" + name, model::Severity::Warning,
                   "group " + name + " is frozen: nothing restarts it, moves it or takes it over",
                   "when the work is done: `dyad unfreeze " + name + "`");
    else
        step.clear("group.frozen:", name);
}

void put(StepContext& step, GroupRecord& group, StandingOrder standing) {
    const bool enabled = group.standing.disabled && !standing.disabled;
    group.standing = standing;
    group.standingSince = step.now;
    if (enabled) {
        // What was let go of then is no invitation any more: the preferred node has the first turn.
        group.released = false;
        const bool preferred = step.setup(group).prefer.value_or(model::NodeId::First) == step.self;
        group.handoverUntil = preferred ? Instant() : step.now + step.timeouts.startupWait();
        group.claim.notBefore = Instant();
    }
    tellFrozen(step, group);
}

} // namespace

void recallStandingOrders(StepContext& step, const Started& started) {
    step.state.maintenance = started.previous ? started.previous->maintenance : started.kept.maintenance;
    for (GroupRecord& group : step.state.groups)
        for (const auto& [name, standing] : started.kept.groups)
            if (name == step.setup(group).name) put(step, group, standing);
}

void hearStandingOrders(StepContext& step) {
    bool changed = false;
    for (GroupRecord& group : step.state.groups) {
        const model::GroupStatus* word = peerWord(step, group);
        if (!word || word->standing == group.standing) continue;
        StandingOrder next = word->standing;
        if (next.version == group.standing.version) {
            next.disabled = next.disabled || group.standing.disabled;
            next.frozen = next.frozen || group.standing.frozen;
            if (next == group.standing) continue; // the peer has not heard of ours yet
        } else if (!isLater(next.version, group.standing.version)) {
            continue;
        }
        step.explain(kind::order,
                     step.peerName() + " was ordered: group " + step.setup(group).name + " is " +
                         (next.disabled ? "disabled" : "enabled") + (next.frozen ? " and frozen" : ""),
                     &group);
        put(step, group, next);
        changed = true;
    }
    if (changed) keepOnDisk(step);
}

void setStandingOrder(StepContext& step, GroupRecord& group, bool disabled, bool frozen) {
    put(step, group,
        {.disabled = disabled,
         .frozen = frozen,
         .version = static_cast<std::uint16_t>(group.standing.version == 0xffff ? 1 : group.standing.version + 1)});
    keepOnDisk(step);
}

void setMaintenance(StepContext& step, bool on) {
    step.state.maintenance = on;
    keepOnDisk(step);
}

} // namespace dyad::engine
