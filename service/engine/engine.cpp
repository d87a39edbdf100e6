// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include "base/check.h"
#include "base/overloaded.h"
#include "engine/invariants.h"
#include "engine/judgement/claimant.h"
#include "engine/judgement/group_plan.h"
#include "engine/judgement/peer.h"
#include "engine/procedures/procedures.h"

#include <algorithm>

namespace dyad::engine {

using model::Role;

namespace {

// No chain of changes within one instant is longer than this; a longer one goes in circles.
constexpr unsigned maxRounds = 64;

void writeDown(StepContext& step, const Event& event) {
    std::visit(Overloaded{
                   [&](const Started& started) { beginStartup(step, started); },
                   [&](const HeartChanged& heart) {
                       judgePeer(step, heart);
                       hearStandingOrders(step);
                   },
                   [&](const GatewayChanged& gateway) {
                       if (step.state.gatewayReachable && !gateway.reachable) step.state.gatewayGoneSince = step.now;
                       step.state.gatewayKnown = true;
                       step.state.gatewayReachable = gateway.reachable;
                       if (gateway.reachable)
                           step.clear("gateway.lost");
                       else
                           step.raise("gateway.lost", model::Severity::Warning, "no gateway answers",
                                      "check the public network of " + step.nodeName(step.self));
                   },
                   [&](const model::ReservationAnswer& answer) { noteReservation(step, answer); },
                   [&](const model::LunNotice& notice) { noteLun(step, notice); },
                   [&](const model::ResourceAnswer& answer) { noteResource(step, answer); },
                   [&](const model::ResourceNotice& notice) { noteResource(step, notice); },
                   [&](const OrderGiven& order) { takeOrder(step, order); },
                   [&](const ShutdownRequested& request) {
                       if (!step.state.leaving) step.explain(kind::order, "this node is to leave: " + request.why);
                       step.state.leaving = true;
                   },
                   [&](const WasFrozen& frozen) { noteFreeze(step, frozen); },
                   [&](const TimePassed&) {},
                   [&](const FailbackWindow& window) {
                       if (window.group.value < step.state.groups.size())
                           step.state.groups[window.group.value].failbackOpen = window.open;
                   },
               },
               event);
}

void settle(StepContext& step, GroupRecord& group) {
    expireReservations(step, group);
    expireResources(step, group);
    if (!group.settled) settleStartup(step, group);
    if (!group.settled) return;
    if (owns(group.role) && loseWhereLost(step, group)) return;
    endReproof(group);
    driveWishes(step, group);
    switch (group.role) {
    case Role::Standby:
        if (step.state.maintenance)
            step.transition(group, Trigger::MaintenanceOn);
        else
            considerClaim(step, group);
        break;
    case Role::Claiming: driveClaim(step, group); break;
    case Role::Starting:
    case Role::Active: driveRunning(step, group); break;
    case Role::Stopping: driveStopping(step, group); break;
    case Role::Lost: driveLost(step, group); break;
    case Role::Failed: driveFailed(step, group); break;
    case Role::Maintenance:
        if (!step.state.maintenance) step.transition(group, Trigger::MaintenanceOff);
        break;
    }
    const bool stuck = group.role == Role::Failed && !everythingStopped(group);
    if (owns(group.role) || group.role == Role::Lost || stuck) reconcile(step, group);
    if (group.role != Role::Claiming) lookAtKeys(step, group);
}

// The heartbeat's word on this node. Silent until every group's start-up look is over: a node that doesn't know yet
// must not say "standby".
void publish(StepContext& step) {
    model::NodeStatus status;
    status.serviceAlive = true;
    status.leaving = step.state.leaving;
    status.maintenance = step.state.maintenance;
    status.configurationDigest = step.configuration.digest;
    status.groups.resize(step.state.groups.size());
    for (std::size_t i = 0; i < status.groups.size(); ++i) {
        GroupRecord& group = step.state.groups[i];
        if (!group.settled) return;
        const model::GroupStatus* word = peerWord(step, group);
        if (group.released && word && word->epoch > group.epoch)
            group.released = false; // the peer has claimed it since
        const bool stuck = group.role == Role::Failed && !everythingStopped(group);
        status.groups[i] = {.role = group.role,
                            .epoch = group.epoch,
                            .useless = group.role == Role::Lost || stuck,
                            .released = group.released,
                            .asks = group.asksUntil.has_value(),
                            .unfit = !fitHere(step, group) || gatewayGone(step),
                            .standing = group.standing,
                            .tag = group.tag};
    }
    if (step.state.published == status) return;
    step.state.published = status;
    step.act(PublishStatus{std::move(status)});
}

} // namespace

Engine::Engine(const model::Configuration& configuration, model::NodeId self)
    : m_configuration(configuration), m_self(self), m_timeouts(timeoutsOf(configuration.profile)) {
    m_state.links.resize(configuration.links.size());
    m_state.oneWaySince.resize(configuration.links.size());
    for (std::size_t i = 0; i < configuration.groups.size(); ++i) {
        GroupRecord group;
        group.id = model::GroupId(static_cast<std::uint32_t>(i));
        group.tag = model::groupTag(configuration.groups[i].name);
        group.resources.resize(configuration.groups[i].resources.size());
        for (const model::LunId lun : configuration.groups[i].luns) {
            group.luns.emplace_back();
            group.luns.back().id = lun;
        }
        m_state.groups.push_back(std::move(group));
    }
}

Engine::Engine(const model::Configuration& configuration, model::NodeId self, State state, Instant lastNow,
               const Timeouts& timeouts)
    : m_configuration(configuration), m_self(self), m_timeouts(timeouts), m_state(std::move(state)),
      m_lastNow(lastNow) {}

const std::vector<Action>& Engine::step(Instant now, const Event& event) {
    DYAD_CHECK(now >= m_lastNow, "time went backwards between two steps");
    DYAD_CHECK(m_state.started || std::holds_alternative<Started>(event), "the engine was used before it was started");
    m_lastNow = now;
    m_actions.clear();
    StepContext step(m_configuration, m_self, m_timeouts, m_state, m_actions, now);
    writeDown(step, event);

    // Until nothing changes any more: one group's change can be another fact for the next look.
    for (unsigned round = 0;; ++round) {
        DYAD_CHECK(round < maxRounds, "the decisions of one instant go in circles");
        const std::size_t asked = m_actions.size();
        step.forgetDeadlines();
        judgeDirections(step);
        for (GroupRecord& group : m_state.groups)
            settle(step, group);
        if (m_actions.size() == asked) break; // a change of a role tells of itself, too
    }
    publish(step);
    driveShutdown(step); // after the last word: the peer is told before this node ends
    checkInvariants(m_state);
    m_nextDeadline = step.nextDeadline();
    return m_actions;
}

} // namespace dyad::engine
