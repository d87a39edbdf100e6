// SPDX-License-Identifier: Apache-2.0
// The part of the rules that follows a group from role to role, by the rows of the engine's own table.
#include "recorder/history/incident_rules.h"

#include "engine/journal_kinds.h"
#include "recorder/history/incident_changes.h"

namespace dyad::recorder {

namespace kind = engine::kind;
using engine::Trigger;
using model::IncidentKind;
using model::IncidentOutcome;

// --- roles -------------------------------------------------------------------------------------------------------

void IncidentRules::roleChanged(const model::JournalEntry& entry, const RoleChange& change, Changes& changes) {
    switch (change.row->trigger) {
    case Trigger::PeerSilent:
    case Trigger::PeerUseless:
    case Trigger::PeerReleased:
    case Trigger::NobodyOwns: return claims(entry, change, changes);
    case Trigger::SwitchoverOrdered:
    case Trigger::PublicNetworkLost:
    case Trigger::ShutdownOrdered:
    case Trigger::LadderExhausted:
        if (change.row->from != model::Role::Claiming) return leaves(entry, change, changes);
        return closeGroup(entry.group, entry, IncidentOutcome::Interrupted, changes);
    case Trigger::LeaseLost:
    case Trigger::RunsWithoutLease: return loses(entry, change, changes);
    case Trigger::HeldBack:
    case Trigger::DisableOrdered:
    case Trigger::MaintenanceOn: return closeGroup(entry.group, entry, IncidentOutcome::Interrupted, changes);
    default: break;
    }
    Open* open = groupOf(entry);
    if (!open &&
        (change.row->trigger == Trigger::ResourceFailed || change.row->trigger == Trigger::FailedWhileFrozen)) {
        const auto failure = m_failure.find(entry.group);
        open = &openGroup(entry, IncidentKind::ResourceFailure);
        if (failure != m_failure.end()) {
            open->incident.began = open->phase = failure->second.at;
            open->incident.beganWallMs = failure->second.wallClockMs;
            open->incident.firstSequence = failure->second.sequence;
            open->incident.resource = failure->second.resource;
        }
        open->incident.rule = ruleName(*change.row);
        tellHeadline(*open, change.detail);
    }
    if (!open) return;
    reach(*open, entry);
    switch (change.row->trigger) {
    case Trigger::Defended:
    case Trigger::PeerBack:
    case Trigger::ClaimRefused:
        ++open->refusals;
        open->incident.kind = IncidentKind::FailoverRefused;
        open->incident.rule = ruleName(*change.row);
        if (open->refusals == 1) step(*open, "refused", open->phase, entry.at);
        close(*open, entry, IncidentOutcome::Done);
        changes.tell(*open);
        if (change.row->trigger == Trigger::PeerBack || !open->ofSilence) m_groups.erase(entry.group);
        return;
    case Trigger::ReservationWon:
        if (open->ofSilence && m_silence) m_silence->served = true;
        if (open->incident.kind == IncidentKind::FailoverRefused) {
            open->incident.kind = IncidentKind::Takeover;
            open->incident.outcome = IncidentOutcome::Ongoing;
        }
        break;
    case Trigger::AllRunning: return closeGroup(entry.group, entry, IncidentOutcome::Done, changes);
    case Trigger::EverythingStopped:
        return closeGroup(entry.group, entry,
                          isMove(open->incident.kind) ? IncidentOutcome::Done : IncidentOutcome::Failed, changes);
    case Trigger::StoppedAfterFailure:
    case Trigger::StopFailed: return closeGroup(entry.group, entry, IncidentOutcome::Failed, changes);
    case Trigger::Silenced: return closeGroup(entry.group, entry, IncidentOutcome::Done, changes);
    default: break;
    }
    changes.tell(*open);
}

void IncidentRules::claims(const model::JournalEntry& entry, const RoleChange& change, Changes& changes) {
    Open* open = groupOf(entry);
    const bool again = open && open->ofSilence;
    if (!again) {
        IncidentKind kind = IncidentKind::Takeover;
        if (change.row->trigger == Trigger::NobodyOwns) kind = IncidentKind::GroupStart;
        if (change.row->trigger == Trigger::PeerReleased) {
            const auto ordered = m_ordered.find(entry.group);
            kind = ordered == m_ordered.end() ? IncidentKind::Move : ordered->second;
            if (ordered != m_ordered.end()) m_ordered.erase(ordered);
        }
        open = &openGroup(entry, kind);
        if (m_silence && change.row->trigger == Trigger::PeerSilent) {
            open->incident.began = m_silence->from;
            open->incident.beganWallMs = m_silence->fromWallMs;
            open->incident.firstSequence = m_silence->sequence;
            open->ofSilence = true;
            step(*open, "detect", m_silence->from, entry.at);
        }
    }
    open->phase = entry.at;
    open->incident.outcome = IncidentOutcome::Ongoing;
    open->incident.rule = ruleName(*change.row);
    if (!again) tellHeadline(*open, change.detail);
    reach(*open, entry);
    changes.tell(*open);
}

void IncidentRules::leaves(const model::JournalEntry& entry, const RoleChange& change, Changes& changes) {
    Open* open = groupOf(entry);
    const bool goesOn =
        open && open->incident.kind == IncidentKind::ResourceFailure && change.row->trigger == Trigger::LadderExhausted;
    if (open && !goesOn)
        closeGroup(entry.group, entry,
                   change.row->trigger == Trigger::LadderExhausted ? IncidentOutcome::Failed
                                                                   : IncidentOutcome::Interrupted,
                   changes);
    if (!goesOn) {
        IncidentKind kind = IncidentKind::Move;
        const auto ordered = m_ordered.find(entry.group);
        const auto prefers = m_context.preferred.find(entry.group);
        if (change.row->trigger == Trigger::SwitchoverOrdered && ordered != m_ordered.end())
            kind = ordered->second;
        else if (change.row->trigger == Trigger::SwitchoverOrdered && change.detail.starts_with("asked for by"))
            kind = prefers != m_context.preferred.end() && prefers->second == m_context.peer ? IncidentKind::Switchback
                                                                                             : IncidentKind::Switchover;
        else if (change.row->trigger == Trigger::LadderExhausted)
            kind = IncidentKind::ResourceFailure;
        if (ordered != m_ordered.end()) m_ordered.erase(ordered);
        const auto failure = m_failure.find(entry.group);
        open = &openGroup(entry, kind);
        if (kind == IncidentKind::ResourceFailure && failure != m_failure.end()) {
            open->incident.resource = failure->second.resource;
            open->incident.firstSequence = failure->second.sequence;
        }
    }
    open->phase = entry.at;
    open->incident.rule = ruleName(*change.row);
    reach(*open, entry);
    tellHeadline(*open, change.detail);
    changes.tell(*open);
}

void IncidentRules::loses(const model::JournalEntry& entry, const RoleChange& change, Changes& changes) {
    closeGroup(entry.group, entry, IncidentOutcome::Failed, changes);
    Open& open = openGroup(entry, m_paths.empty() ? IncidentKind::LeaseLost : IncidentKind::StorageLost);
    if (!m_paths.empty()) { // the loss began with the path
        auto chosen = m_paths.begin();
        for (auto each = m_paths.begin(); each != m_paths.end(); ++each)
            if ((change.detail + " ").find("LUN " + each->first + " ") != std::string::npos) chosen = each;
        const Open& path = chosen->second;
        open.incident.began = path.incident.began;
        open.incident.beganWallMs = path.incident.beganWallMs;
        open.incident.firstSequence = path.incident.firstSequence;
        open.incident.resource = path.incident.resource;
        step(open, "give up", open.incident.began, entry.at);
    }
    open.incident.rule = ruleName(*change.row);
    tellHeadline(open, change.detail);
    changes.tell(open);
}

// --- resources ---------------------------------------------------------------------------------------------------

void IncidentRules::resourceTold(const model::JournalEntry& entry, Changes& changes) {
    if (entry.kind == kind::resourceFailed) m_failure[entry.group] = entry;
    if (m_failure.size() > maxOpenIncidents) m_failure.erase(m_failure.begin());
    Open* open = groupOf(entry);
    if (!open || open->incident.outcome != IncidentOutcome::Ongoing) return;
    if (entry.kind == kind::challengePlaced) {
        step(*open, "challenge", open->phase, entry.at);
    } else if (entry.kind == kind::reservationWon) {
        step(*open, "claim", open->phase, entry.at);
    } else if (entry.kind == kind::resourceStarting) {
        open->starting[entry.resource] = entry.at;
        return;
    } else if (entry.kind == kind::resourceRunning) {
        const auto asked = open->starting.find(entry.resource);
        if (asked == open->starting.end()) return;
        step(*open, "start " + entry.resource, asked->second, entry.at);
    } else if (entry.kind == kind::resourceStopped) {
        step(*open, "stop " + entry.resource, open->phase, entry.at);
    } else if (entry.kind == kind::reservationReleased) {
        step(*open, "release", open->phase, entry.at);
    } else {
        return;
    }
    reach(*open, entry);
    changes.tell(*open);
}

} // namespace dyad::recorder
