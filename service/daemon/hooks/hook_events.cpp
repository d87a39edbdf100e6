// SPDX-License-Identifier: Apache-2.0
#include "daemon/hooks/hook_events.h"

#include "recorder/history/evidence.h"

namespace dyad::daemon {

using engine::Trigger;
using model::HookEvent;
using model::Role;

const char* wordFor(HookEvent event) {
    switch (event) {
    case HookEvent::BeforeStart: return "before_start";
    case HookEvent::AfterStart: return "after_start";
    case HookEvent::BeforeStop: return "before_stop";
    case HookEvent::AfterStop: return "after_stop";
    case HookEvent::BeforeTakeover: return "before_takeover";
    case HookEvent::AfterTakeover: return "after_takeover";
    case HookEvent::BeforeSwitchback: return "before_switchback";
    case HookEvent::AfterSwitchback: return "after_switchback";
    case HookEvent::Failed: return "failed";
    case HookEvent::Lost: return "lost";
    }
    return "?";
}

HookEvents::HookEvents(const model::Configuration& configuration, model::NodeId self) {
    for (const model::GroupSetup& group : configuration.groups)
        m_groups[group.name].prefersThis = group.prefer == self;
}

std::vector<HookEvent> HookEvents::take(const model::JournalEntry& entry) {
    const auto found = m_groups.find(entry.group);
    if (found == m_groups.end()) return {};
    Group& group = found->second;
    const std::optional<recorder::RoleChange> change = recorder::roleChangeIn(entry);
    if (!change) return {};
    const auto with = [&](HookEvent any, HookEvent takeover, HookEvent switchback) {
        std::vector<HookEvent> events{any};
        if (group.way == Way::Takeover) events.push_back(takeover);
        if (group.way == Way::Switchback) events.push_back(switchback);
        return events;
    };
    switch (change->row->to) {
    case Role::Claiming: {
        const Trigger why = change->row->trigger;
        const bool takenOver = why == Trigger::PeerSilent || why == Trigger::PeerUseless;
        const bool handedBack = why == Trigger::PeerReleased && group.prefersThis;
        group.way = takenOver ? Way::Takeover : handedBack ? Way::Switchback : Way::Start;
        return {};
    }
    case Role::Starting:
        if (change->row->trigger != Trigger::ReservationWon) return {};
        group.starting = true;
        return with(HookEvent::BeforeStart, HookEvent::BeforeTakeover, HookEvent::BeforeSwitchback);
    case Role::Active:
        if (!std::exchange(group.starting, false)) return {};
        return with(HookEvent::AfterStart, HookEvent::AfterTakeover, HookEvent::AfterSwitchback);
    case Role::Stopping: group.starting = false; return {HookEvent::BeforeStop};
    case Role::Failed:
        group.starting = false;
        if (change->row->trigger == Trigger::StoppedAfterFailure) return {HookEvent::AfterStop, HookEvent::Failed};
        return {HookEvent::Failed};
    case Role::Lost: group.starting = false; return {HookEvent::Lost};
    case Role::Standby:
        if (change->row->from == Role::Stopping || change->row->from == Role::Lost) return {HookEvent::AfterStop};
        return {};
    case Role::Maintenance: return {};
    }
    return {};
}

} // namespace dyad::daemon
