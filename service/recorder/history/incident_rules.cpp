// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/incident_rules.h"

#include "engine/journal_kinds.h"
#include "recorder/history/incident_changes.h"
#include "recorder/history/incident_headline.h"

#include <algorithm>

namespace dyad::recorder {

namespace kind = engine::kind;
using model::IncidentKind;
using model::IncidentOutcome;

namespace {
constexpr std::string_view pathAlarm = "lun.path:";
} // namespace

std::vector<model::Incident> IncidentRules::take(const model::JournalEntry& entry) {
    Changes changes;
    if (entry.kind == kind::serviceStarted) {
        serviceStarted(entry, changes);
    } else if (const std::optional<RoleChange> change = roleChangeIn(entry)) {
        roleChanged(entry, *change, changes);
    } else if (entry.kind == kind::peerSuspect || entry.kind == kind::peerLost || entry.kind == kind::peerAlive ||
               entry.kind == kind::peerRebooted) {
        peerChanged(entry, changes);
    } else if (entry.kind == kind::alarmRaised || entry.kind == kind::alarmCleared) {
        pathChanged(entry, changes);
    } else if (entry.kind == kind::defended) {
        defended(entry, changes);
    } else if (entry.kind == kind::order || entry.kind == drillKind) {
        orderTold(entry);
    } else if (entry.kind == kind::selfFence) {
        m_fence = begin(entry, IncidentKind::SelfFence);
        m_fence->incident.headline = headlineOf(m_fence->incident, m_context.peer, entry.text);
        changes.tell(*m_fence);
    } else {
        resourceTold(entry, changes);
    }
    m_last = entry;
    return std::move(changes.told);
}

// --- how an incident grows ---------------------------------------------------------------------------------------

IncidentRules::Open IncidentRules::begin(const model::JournalEntry& entry, IncidentKind kind) const {
    Open open;
    open.incident.id = entry.sequence;
    open.incident.node = m_context.node;
    open.incident.kind = kind;
    open.incident.group = entry.group;
    open.incident.resource = entry.resource;
    open.incident.began = open.incident.ended = entry.at;
    open.incident.beganWallMs = open.incident.endedWallMs = entry.wallClockMs;
    open.incident.firstSequence = open.incident.lastSequence = entry.sequence;
    open.phase = entry.at;
    return open;
}

IncidentRules::Open& IncidentRules::openGroup(const model::JournalEntry& entry, IncidentKind kind) {
    return m_groups[entry.group] = begin(entry, kind);
}

IncidentRules::Open* IncidentRules::groupOf(const model::JournalEntry& entry) {
    const auto open = m_groups.find(entry.group);
    return open == m_groups.end() ? nullptr : &open->second;
}

void IncidentRules::reach(Open& open, const model::JournalEntry& entry) const {
    open.incident.ended = entry.at;
    open.incident.endedWallMs = entry.wallClockMs;
    open.incident.lastSequence = entry.sequence;
}

void IncidentRules::step(Open& open, const std::string& name, Instant from, Instant until) const {
    if (open.incident.steps.size() >= maxStepsPerIncident) return;
    open.incident.steps.push_back({name, from - open.incident.began, until - from});
    open.phase = until;
}

void IncidentRules::tellHeadline(Open& open, const std::string& detail) const {
    open.incident.headline = headlineOf(open.incident, m_context.peer, detail, open.refusals);
}

void IncidentRules::close(Open& open, const model::JournalEntry& entry, IncidentOutcome outcome) const {
    reach(open, entry);
    open.incident.outcome = outcome;
    if (open.incident.kind != IncidentKind::LeaseLost) tellHeadline(open); // that one says why, which is told once
}

void IncidentRules::closeGroup(const std::string& group, const model::JournalEntry& entry, IncidentOutcome outcome,
                               Changes& changes) {
    const auto open = m_groups.find(group);
    if (open == m_groups.end()) return;
    close(open->second, entry, outcome);
    changes.tell(open->second);
    m_groups.erase(open);
}

// --- the service and the peer ------------------------------------------------------------------------------------

// Whatever was going on ended with the service that told of it; the clock may be another boot's.
void IncidentRules::serviceStarted(const model::JournalEntry&, Changes& changes) {
    const auto end = [&](Open& open) {
        if (open.incident.outcome != IncidentOutcome::Ongoing && !open.ofSilence) return;
        if (open.incident.outcome == IncidentOutcome::Ongoing) open.incident.outcome = IncidentOutcome::Interrupted;
        tellHeadline(open);
        changes.tell(open);
    };
    for (auto& [group, open] : m_groups)
        end(open);
    for (auto& [lun, open] : m_paths)
        end(open);
    if (m_peer) end(*m_peer);
    if (m_fence) {
        m_fence->incident.outcome = IncidentOutcome::Done;
        changes.tell(*m_fence);
    }
    m_groups.clear();
    m_paths.clear();
    m_peer.reset();
    m_fence.reset();
    m_silence.reset();
    m_ordered.clear();
    m_failure.clear();
    m_rebooted = false;
}

void IncidentRules::peerChanged(const model::JournalEntry& entry, Changes& changes) {
    if (entry.kind == kind::peerRebooted) m_rebooted = true;
    if (entry.kind == kind::peerAlive) return peerHeard(entry, changes);
    if (entry.kind == kind::peerRebooted) return;
    if (!m_silence) {
        const Duration ago = silenceIn(entry).value_or(Duration{0});
        m_silence = Silence{entry.at - ago,
                            entry.wallClockMs - std::chrono::duration_cast<std::chrono::milliseconds>(ago).count(),
                            entry.sequence};
        m_rebooted = false;
    }
    if (entry.kind != kind::peerLost) return;
    m_silence->lost = true;
    const bool served =
        std::any_of(m_groups.begin(), m_groups.end(), [](const auto& each) { return each.second.ofSilence; });
    if (m_peer || served || m_silence->served || !silenceIn(entry)) return; // never heard yet: nothing was lost
    m_peer = begin(entry, IncidentKind::NodeLost);
    m_peer->incident.began = m_silence->from;
    m_peer->incident.beganWallMs = m_silence->fromWallMs;
    m_peer->incident.firstSequence = m_silence->sequence;
    step(*m_peer, "detect", m_silence->from, entry.at);
    tellHeadline(*m_peer);
    changes.tell(*m_peer);
}

void IncidentRules::peerHeard(const model::JournalEntry& entry, Changes& changes) {
    for (auto each = m_groups.begin(); each != m_groups.end();) {
        Open& open = each->second;
        const bool refused = open.ofSilence && open.incident.kind == IncidentKind::FailoverRefused &&
                             open.incident.outcome != IncidentOutcome::Ongoing;
        if (refused) {
            reach(open, entry);
            changes.tell(open);
        }
        each = refused ? m_groups.erase(each) : std::next(each);
    }
    const bool returns = m_silence && m_silence->lost && (m_rebooted || m_silence->served);
    if (m_peer) {
        close(*m_peer, entry, IncidentOutcome::Done);
        changes.tell(*m_peer);
        m_peer.reset();
    }
    if (returns) {
        Open back = begin(entry, IncidentKind::NodeReturned);
        back.incident.rule = m_rebooted ? "rebooted" : "";
        close(back, entry, IncidentOutcome::Done);
        changes.tell(back);
    }
    m_silence.reset();
    m_rebooted = false;
}

// The owner's side of a partition.
void IncidentRules::defended(const model::JournalEntry& entry, Changes& changes) {
    if (!m_peer) {
        m_peer = begin(entry, IncidentKind::FailoverRefused);
        if (m_silence) {
            m_peer->incident.began = m_silence->from;
            m_peer->incident.beganWallMs = m_silence->fromWallMs;
            m_peer->incident.firstSequence = m_silence->sequence;
        }
    }
    if (m_peer->incident.group.empty()) m_peer->incident.group = entry.group;
    m_peer->incident.kind = IncidentKind::FailoverRefused;
    m_peer->incident.rule = kind::defended;
    if (entry.group == m_peer->incident.group) ++m_peer->refusals;
    if (entry.group == m_peer->incident.group && m_peer->refusals == 1)
        step(*m_peer, "defend", m_peer->incident.began, entry.at);
    close(*m_peer, entry, IncidentOutcome::Done);
    changes.tell(*m_peer);
}

void IncidentRules::pathChanged(const model::JournalEntry& entry, Changes& changes) {
    const std::string id = alarmIdIn(entry);
    if (!id.starts_with(pathAlarm)) return;
    const std::string lun = id.substr(pathAlarm.size());
    const auto standing = m_paths.find(lun);
    if (entry.kind == kind::alarmRaised) {
        if (standing != m_paths.end() || m_paths.size() >= maxOpenIncidents) return;
        Open& open = m_paths[lun] = begin(entry, IncidentKind::StorageLost);
        open.incident.resource = lun;
        tellHeadline(open);
        changes.tell(open);
    } else if (standing != m_paths.end()) {
        close(standing->second, entry, IncidentOutcome::Done);
        changes.tell(standing->second);
        m_paths.erase(standing);
    }
}

void IncidentRules::orderTold(const model::JournalEntry& entry) {
    if (entry.group.empty() || m_ordered.size() >= maxOpenIncidents) return;
    if (entry.kind == drillKind) {
        m_ordered[entry.group] = IncidentKind::Drill;
        return;
    }
    if (entry.text.find(": accepted, ") == std::string::npos) {
        m_ordered.erase(entry.group);
        return;
    }
    if (m_ordered[entry.group] == IncidentKind::Drill) return;
    if (entry.text.starts_with("switchover ")) m_ordered[entry.group] = IncidentKind::Switchover;
    if (entry.text.starts_with("switchback ")) m_ordered[entry.group] = IncidentKind::Switchback;
}

} // namespace dyad::recorder
