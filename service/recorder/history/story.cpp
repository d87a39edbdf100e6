// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/story.h"

#include "engine/journal_kinds.h"
#include "recorder/history/evidence.h"
#include "recorder/history/prevention.h"

#include <algorithm>
#include <map>

namespace dyad::recorder {

namespace {

namespace kind = engine::kind;
using model::Incident;
using model::IncidentKind;

constexpr Duration returnMargin = 10s;

const NodeTale* taleOf(const std::vector<NodeTale>& tales, const std::string& node) {
    const auto found =
        std::find_if(tales.begin(), tales.end(), [&](const NodeTale& tale) { return tale.node == node; });
    return found == tales.end() ? nullptr : &*found;
}

struct Part {
    std::string node;
    const Incident* incident = nullptr;
    CommonInstant began;
    CommonInstant ended;
};

std::vector<Part> partsOf(const std::vector<NodeTale>& tales, const MergedIncident& whole) {
    std::vector<Part> parts;
    const auto add = [&](const std::string& node, const Incident& incident) {
        const NodeTale* tale = taleOf(tales, node);
        if (!tale) return;
        parts.push_back({node, &incident,
                         onCommonClock(tale->clock, incident.boot, incident.began, incident.beganWallMs),
                         onCommonClock(tale->clock, incident.boot, incident.ended, incident.endedWallMs)});
    };
    add(whole.node, whole.primary);
    for (const auto& [node, incident] : whole.others)
        add(node, incident);
    return parts;
}

const Part* partOf(const std::vector<Part>& parts, bool (*fits)(const Incident&)) {
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& part) { return fits(*part.incident); });
    return found == parts.end() ? nullptr : &*found;
}

bool gives(const Incident& incident) {
    const engine::Transition* row = ruleNamed(incident.rule);
    return row && row->to == model::Role::Stopping;
}
bool takes(const Incident& incident) {
    const engine::Transition* row = ruleNamed(incident.rule);
    return row && row->to == model::Role::Claiming &&
           (incident.kind == IncidentKind::Takeover || isMove(incident.kind));
}

// A node that comes back tells of its own start, which may take a while after its heart is heard.
bool returns(const Story& story, const std::string& node, const model::RememberedEntry& each) {
    return story.incident.primary.kind == IncidentKind::NodeReturned && node != story.incident.node &&
           (each.entry.kind == kind::serviceStarted || each.entry.kind == kind::linkChanged ||
            each.entry.kind == kind::peerAlive || each.entry.kind == kind::resourceAdopted);
}

void addLines(Story& story, const std::vector<NodeTale>& tales) {
    const Instant zero = story.incident.began;
    const std::string& group = story.incident.primary.group;
    for (const NodeTale& tale : tales)
        for (const model::RememberedEntry& each : tale.entries) {
            if (!group.empty() && !each.entry.group.empty() && each.entry.group != group) continue;
            const CommonInstant when = onCommonClock(tale.clock, each.boot, each.entry.at, each.entry.wallClockMs);
            if (when.at < zero - storyMargin ||
                when.at > story.incident.ended + (returns(story, tale.node, each) ? returnMargin : storyMargin))
                continue;
            story.lines.push_back({when.at - zero, when.exact, tale.node, each.entry});
        }
    std::stable_sort(story.lines.begin(), story.lines.end(), [](const StoryLine& a, const StoryLine& b) {
        return a.node == b.node ? a.entry.sequence < b.entry.sequence : a.after < b.after;
    });
    // Entries of one node keep their order; those of two are told by the clock.
    std::stable_sort(story.lines.begin(), story.lines.end(),
                     [](const StoryLine& a, const StoryLine& b) { return a.after < b.after; });
}

void addSteps(Story& story, const std::vector<Part>& parts) {
    for (const Part& part : parts)
        for (const model::IncidentStep& step : part.incident->steps)
            story.steps.push_back({part.node, step.name, part.began.at + step.after - story.incident.began, step.took});
    std::stable_sort(story.steps.begin(), story.steps.end(),
                     [](const StoryStep& a, const StoryStep& b) { return a.after < b.after; });
}

void addRules(Story& story) {
    // Every rule that fired, in its order; those of a group's ordinary start say nothing new.
    for (const StoryLine& line : story.lines) {
        const std::optional<RoleChange> change = roleChangeIn(line.entry);
        if (!change) continue;
        const StoryRule rule{line.node, ruleName(*change->row), change->row->text};
        const bool told = std::any_of(story.rules.begin(), story.rules.end(), [&](const StoryRule& each) {
            return each.node == rule.node && each.name == rule.name;
        });
        if (!told) story.rules.push_back(rule);
    }
}

void reckonGap(Story& story, const std::vector<Part>& parts) {
    const Incident& primary = story.incident.primary;
    const auto between = [&](const Part& from, const Part& to, const std::string& words) {
        ClientGap gap;
        gap.length = to.ended.at - from.began.at;
        gap.from = words;
        gap.exact = from.began.exact && to.ended.exact;
        gap.uncertainty = from.node == to.node ? Duration{0} : story.uncertainty;
        if (gap.length >= Duration{0}) story.gap = gap;
    };
    const auto done = [](const Part* part) { return part && part->incident->outcome == model::IncidentOutcome::Done; };
    const Part* taker = partOf(parts, takes);
    const Part* giver = partOf(parts, gives);
    const Part* loser = partOf(parts, [](const Incident& incident) {
        return incident.kind == IncidentKind::StorageLost || incident.kind == IncidentKind::LeaseLost;
    });
    if (primary.kind == IncidentKind::Takeover) {
        if (!done(taker)) return;
        const engine::Transition* row = ruleNamed(primary.rule);
        if (row && row->trigger == engine::Trigger::PeerSilent)
            between(*taker, *taker, "from the last heartbeat of the old owner until the group was active");
        else if (loser)
            between(*loser, *taker,
                    "from the moment at which the old owner could not serve until the group was active");
        else
            between(*taker, *taker, "from the claim until the group was active");
    } else if (isMove(primary.kind) || (primary.kind == IncidentKind::ResourceFailure && giver)) {
        if (done(taker) && giver)
            between(*giver, *taker, "from the moment at which the old owner began to stop until the group was active");
        else
            story.clients = giver ? "the other node did not tell when the group was active again"
                                  : "the other node did not tell when it began to stop the group";
    } else if (primary.kind == IncidentKind::ResourceFailure && done(&parts.front())) {
        between(parts.front(), parts.front(), "from the failure until the group was active again");
    } else if (primary.kind == IncidentKind::FailoverRefused || primary.kind == IncidentKind::NodeLost ||
               primary.kind == IncidentKind::NodeReturned) {
        const bool disturbed = std::any_of(story.lines.begin(), story.lines.end(), [&](const StoryLine& line) {
            return line.after >= Duration{0} &&
                   (line.entry.kind == kind::resourceStopped || line.entry.kind == kind::leaseLost ||
                    line.entry.kind == kind::resourceFailed);
        });
        if (!disturbed) story.clients = "nothing: no resource was touched";
    } else if (primary.kind == IncidentKind::GroupStart && done(&parts.front())) {
        story.clients = "the group was down before; its start took " + dyad::toText(primary.ended - primary.began);
    }
}

IncidentFacts factsOf(const Story& story) {
    const Incident& primary = story.incident.primary;
    IncidentFacts facts;
    facts.kind = primary.kind;
    facts.outcome = primary.outcome;
    facts.rule = primary.rule;
    facts.node = story.incident.node;
    facts.resource = primary.resource;
    facts.ordered = primary.kind == IncidentKind::Switchover || primary.kind == IncidentKind::Switchback ||
                    primary.kind == IncidentKind::Drill;
    std::map<std::string, Duration> silentSince; // link → when, as the primary's node told it
    bool lostBefore = false;
    bool silent = false;
    for (const StoryLine& line : story.lines) {
        if (line.node != story.incident.node) {
            facts.owner = line.node;
            facts.ownerStoodStill = facts.ownerStoodStill || line.entry.kind == kind::frozen;
            facts.pathLost = facts.pathLost || (line.entry.kind == kind::alarmRaised && line.exact &&
                                                alarmIdIn(line.entry).starts_with("lun.path:"));
            continue;
        }
        facts.ownerRebooted = facts.ownerRebooted || line.entry.kind == kind::peerRebooted;
        if (line.entry.kind == kind::peerSuspect) silent = true; // how it came to this is before
        const std::optional<LinkChange> link = linkChangeIn(line.entry);
        if (!link || silent) continue;
        if (link->liveness == "lost" || link->liveness == "suspect") {
            if (!silentSince.contains(link->link)) silentSince[link->link] = line.after;
        } else {
            silentSince.erase(link->link);
        }
    }
    if (silentSince.size() > 1) {
        const auto [first, last] = std::minmax_element(
            silentSince.begin(), silentSince.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        facts.allLinksTogether = last->second - first->second < 50ms;
        lostBefore = last->second - first->second > 1s;
    }
    facts.oneLinkEarlier = lostBefore;
    const engine::Transition* row = ruleNamed(primary.rule);
    facts.gatewayLost = row && row->trigger == engine::Trigger::PublicNetworkLost;
    return facts;
}

} // namespace

Story tellStory(const std::vector<NodeTale>& tales, const MergedIncident& incident) {
    Story story;
    story.incident = incident;
    story.beganWallMs = incident.primary.beganWallMs;
    const std::vector<Part> parts = partsOf(tales, incident);
    for (const NodeTale& tale : tales) {
        if (tale.answered)
            story.uncertainty += tale.clock.uncertainty;
        else
            story.notes.push_back(tale.node + " did not answer (" + tale.trouble +
                                  "): its side of the story is missing");
    }
    addLines(story, tales);
    addSteps(story, parts);
    addRules(story);
    reckonGap(story, parts);
    IncidentFacts facts = factsOf(story);
    if (facts.owner.empty())
        for (const NodeTale& tale : tales)
            if (tale.node != incident.node) facts.owner = tale.node;
    // Whether the owner came back after a reboot shows only later than the story ends.
    for (const NodeTale& tale : tales)
        for (const model::RememberedEntry& each : tale.entries) {
            const CommonInstant when = onCommonClock(tale.clock, each.boot, each.entry.at, each.entry.wallClockMs);
            if (tale.node == incident.node && each.entry.kind == kind::peerRebooted && when.at > incident.began)
                facts.ownerRebooted = true;
        }
    story.prevention = whatWouldHavePrevented(facts);
    for (const NodeTale& tale : tales)
        if (std::any_of(story.lines.begin(), story.lines.end(),
                        [&](const StoryLine& line) { return line.node == tale.node && !line.exact; }))
            story.notes.push_back("the lines of " + tale.node +
                                  " marked ~ are of an earlier boot: placed by the wall clocks of both nodes");
    return story;
}

} // namespace dyad::recorder
