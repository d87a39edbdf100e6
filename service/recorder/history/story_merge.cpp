// SPDX-License-Identifier: Apache-2.0
// Which incidents of both nodes are one.
#include "recorder/history/story.h"

#include "engine/journal_kinds.h"
#include "recorder/history/evidence.h"

#include <algorithm>
#include <tuple>

namespace dyad::recorder {

namespace {

using model::Incident;
using model::IncidentKind;

constexpr Duration clocksDiffer = 100ms; // wall clocks, where nothing better places an entry
constexpr Duration mergeMargin = 2s;     // the end of one side and the beginning of the other may be so far apart

// Which of several stands for all: the one with the clearest word for what happened.
int rank(const Incident& incident) {
    switch (incident.kind) {
    case IncidentKind::Drill: return 13;
    case IncidentKind::Switchback: return 12;
    case IncidentKind::Switchover: return 11;
    case IncidentKind::Takeover: return 10;
    case IncidentKind::ResourceFailure: return 9;
    case IncidentKind::SelfFence: return 8;
    case IncidentKind::StorageLost: return incident.group.empty() ? 5 : 7;
    case IncidentKind::LeaseLost: return 6;
    case IncidentKind::Move: return 5;
    case IncidentKind::FailoverRefused: return incident.rule == engine::kind::defended ? 3 : 4; // the claimer's word
    case IncidentKind::GroupStart: return 3;
    case IncidentKind::NodeLost: return 2;
    case IncidentKind::NodeReturned: return 1;
    }
    return 0;
}

bool moves(IncidentKind kind) {
    return kind == IncidentKind::Drill || kind == IncidentKind::Switchback || kind == IncidentKind::Switchover ||
           kind == IncidentKind::Move;
}
bool loses(IncidentKind kind) {
    return kind == IncidentKind::StorageLost || kind == IncidentKind::LeaseLost || kind == IncidentKind::SelfFence ||
           kind == IncidentKind::ResourceFailure || kind == IncidentKind::NodeLost;
}
bool keeps(IncidentKind kind) { return kind == IncidentKind::FailoverRefused || kind == IncidentKind::NodeLost; }

bool oneThing(IncidentKind a, IncidentKind b) {
    if (moves(a) && moves(b)) return true;
    if (keeps(a) && keeps(b)) return true;
    if (a == IncidentKind::Takeover && (loses(b) || b == IncidentKind::Move)) return true;
    return a == IncidentKind::ResourceFailure && b == IncidentKind::Move;
}

struct Seen {
    std::string node;
    Incident incident;
    Instant began;
    Instant ended;
};

// Which side of a move an incident tells of: the row that decided says so.
bool gives(const Incident& incident) {
    const engine::Transition* row = ruleNamed(incident.rule);
    return row && row->to == model::Role::Stopping;
}

// One move has one giver and one taker, who begins once the other lets go. Of two moves soon after each other each
// taker belongs to its own giver.
bool oneMove(const Seen& a, const Seen& b) {
    if (gives(a.incident) == gives(b.incident)) return false;
    const Seen& giver = gives(a.incident) ? a : b;
    const Seen& taker = gives(a.incident) ? b : a;
    return taker.began + clocksDiffer >= giver.began && taker.began <= giver.ended + mergeMargin;
}

bool belongTogether(const Seen& a, const Seen& b) {
    const Incident& one = a.incident;
    const Incident& other = b.incident;
    if (!one.group.empty() && !other.group.empty() && one.group != other.group) return false;
    if (a.began > b.ended + mergeMargin || b.began > a.ended + mergeMargin) return false;
    // The LUN's own story belongs to that of the group on it, and only through it to anything else.
    const auto ofLunOnly = [](const Incident& each) {
        return each.kind == IncidentKind::StorageLost && each.group.empty();
    };
    if (a.node == b.node || ofLunOnly(one) || ofLunOnly(other))
        return a.node == b.node && one.kind == IncidentKind::StorageLost && other.kind == IncidentKind::StorageLost &&
               one.resource == other.resource && one.group.empty() != other.group.empty();
    const auto ofMove = [](IncidentKind kind) { return moves(kind) || kind == IncidentKind::ResourceFailure; };
    if (ofMove(one.kind) && ofMove(other.kind) && !oneMove(a, b)) return false;
    return oneThing(one.kind, other.kind) || oneThing(other.kind, one.kind);
}

} // namespace

CommonInstant onCommonClock(const ClockReading& clock, const std::string& boot, Instant at, std::int64_t wallMs) {
    if (!boot.empty() && boot == clock.boot) return {clock.read + (at - clock.at), true};
    return {clock.read + std::chrono::milliseconds(wallMs - clock.wallMs), false};
}

std::vector<MergedIncident> mergeIncidents(const std::vector<NodeTale>& tales) {
    std::vector<Seen> seen;
    for (const NodeTale& tale : tales)
        for (const Incident& incident : tale.incidents)
            seen.push_back({tale.node, incident,
                            onCommonClock(tale.clock, incident.boot, incident.began, incident.beganWallMs).at,
                            onCommonClock(tale.clock, incident.boot, incident.ended, incident.endedWallMs).at});
    std::stable_sort(seen.begin(), seen.end(),
                     [](const Seen& a, const Seen& b) { return rank(a.incident) > rank(b.incident); });

    std::vector<MergedIncident> merged;
    std::vector<bool> used(seen.size(), false);
    for (std::size_t i = 0; i < seen.size(); ++i) {
        if (used[i]) continue;
        used[i] = true;
        MergedIncident whole{seen[i].node, seen[i].incident, {}, seen[i].began, seen[i].ended};
        std::vector<const Seen*> members{&seen[i]};
        // Twice: what belongs to the peer's part (its lost path, say) is found through that part.
        for (std::size_t j = 0; j < 2 * seen.size(); ++j) {
            const Seen& other = seen[j % seen.size()];
            if (used[j % seen.size()] && !(other.incident.group.empty() && loses(other.incident.kind))) continue;
            const bool told = std::any_of(members.begin(), members.end(), [&](const Seen* member) {
                return member == &other ||
                       (member->node == other.node && member->incident.kind == other.incident.kind &&
                        member->incident.group == other.incident.group &&
                        member->incident.resource == other.incident.resource);
            });
            // What has no group joins others to this incident, but never another group's.
            const bool ofAnother = !other.incident.group.empty() && other.incident.group != seen[i].incident.group &&
                                   !seen[i].incident.group.empty();
            if (told || ofAnother || std::none_of(members.begin(), members.end(), [&](const Seen* member) {
                    return belongTogether(*member, other);
                }))
                continue;
            used[j % seen.size()] = true;
            whole.others.emplace_back(other.node, other.incident);
            members.push_back(&other);
        }
        for (const Seen* member : members) {
            whole.began = std::min(whole.began, member->began);
            whole.ended = std::max(whole.ended, member->ended);
        }
        merged.push_back(std::move(whole));
    }
    std::stable_sort(merged.begin(), merged.end(),
                     [](const MergedIncident& a, const MergedIncident& b) { return a.began > b.began; });
    return merged;
}

const MergedIncident* findIncident(const std::vector<MergedIncident>& incidents, const std::string& name) {
    for (const MergedIncident& each : incidents)
        if (each.name() == name) return &each;
    for (const MergedIncident& each : incidents)
        for (const auto& [node, incident] : each.others)
            if (node + "-" + std::to_string(incident.id) == name) return &each;
    return nullptr;
}

const MergedIncident* latestOf(const std::vector<MergedIncident>& incidents) {
    if (incidents.empty()) return nullptr;
    constexpr Duration sameTime = 3s; // two groups of one takeover, say
    const MergedIncident* latest = nullptr;
    for (const MergedIncident& each : incidents) {
        if (each.primary.kind == IncidentKind::NodeReturned || each.primary.kind == IncidentKind::GroupStart) continue;
        if (!latest) {
            latest = &each;
        } else if (latest->began - each.began <= sameTime) {
            const auto weight = [](const MergedIncident& one) {
                return std::tuple(rank(one.primary), one.primary.ended - one.primary.began);
            };
            if (weight(each) > weight(*latest)) latest = &each;
        }
    }
    return latest ? latest : &incidents.front();
}

} // namespace dyad::recorder
