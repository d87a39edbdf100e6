// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/what_if.h"

#include "recorder/flight/other_time.h"
#include "recorder/flight/replay.h"
#include "recorder/flight/words.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <set>

namespace dyad::recorder {

using model::Liveness;

namespace {

// What begins so soon after another is the same incident.
constexpr Duration sameIncident = 10s;
// And so long after its beginning it is over, at the least.
Duration spanOf(const engine::Timeouts& timeouts) { return std::max<Duration>(2min, timeouts.preemptAfter() * 3); }
// A silence that lasts to the end of the recording is taken to last on, for a little longer than any decision needs.
Duration beyondTheEnd(const engine::Timeouts& timeouts) { return timeouts.preemptAfter() * 2 + 10s; }
constexpr std::int64_t maxTimeoutMs = 3600 * 1000;

std::string since(Instant base, Instant at) {
    char text[32];
    std::snprintf(text, sizeof text, "%+.3f s", std::chrono::duration<double>(at - base).count());
    return text;
}

// A few words for what begins an incident; empty: this event begins none.
std::string beginning(const engine::State& before, const engine::State& after, const engine::Event& event,
                      const model::Configuration& configuration) {
    if (before.peer.liveness == Liveness::Alive && after.peer.liveness != Liveness::Alive)
        return "the peer is silent on every link";
    if (const auto* notice = std::get_if<model::LunNotice>(&event))
        if (notice->kind == model::LunNotice::Kind::PathDown)
            return "the path to LUN " + lunName(notice->lun, configuration) + " is lost";
    if (const auto* gateway = std::get_if<engine::GatewayChanged>(&event))
        if (!gateway->reachable && before.gatewayReachable) return "no gateway answers";
    return {};
}

struct Draft {
    Incident incident;
    engine::State state;
    Instant lastNow;
    std::vector<RecordedStep> steps;
};

Instant lastHeartbeat(const engine::Event& event, Instant otherwise) {
    const auto* heart = std::get_if<engine::HeartChanged>(&event);
    if (!heart) return otherwise;
    std::optional<Instant> last;
    for (const model::LinkReport& link : heart->links)
        if (link.everHeard && (!last || link.lastHeard > *last)) last = link.lastHeard;
    return last.value_or(otherwise);
}

// Cuts the run into incidents.
std::vector<Draft> incidentsOf(const Recording& recording, const Run& run, Duration span, WhatIf& result) {
    std::vector<Draft> drafts;
    Replay replay(recording, run);
    replay.keepsStateBefore = true;
    while (replay.next()) {
        const FlightEvent& event = replay.event();
        const engine::State& before = replay.stateBefore();
        const engine::State& after = replay.engine().state();
        const std::string what = beginning(before, after, event.event, run.header.configuration);
        if (!what.empty() && (drafts.empty() || event.at - drafts.back().steps.front().at > sameIncident)) {
            if (drafts.size() == maxIncidents) {
                ++result.left;
                break;
            }
            Draft draft;
            draft.incident.step = event.step;
            draft.incident.base = lastHeartbeat(event.event, event.at);
            draft.incident.what = what;
            draft.state = before;
            draft.lastNow = replay.lastNowBefore();
            drafts.push_back(std::move(draft));
        }
        if (drafts.empty()) continue;
        Draft& draft = drafts.back();
        if (!draft.steps.empty() && event.at - draft.steps.front().at > span) continue;
        draft.steps.push_back({event.step, event.at, event.event, replay.recorded()});
        addDecisions(draft.incident.recorded, event.at, rolesOf(before), after, replay.recorded(),
                     run.header.configuration);
        if (before.peer.liveness != Liveness::Alive && after.peer.liveness == Liveness::Alive &&
            !draft.incident.heardAgain)
            draft.incident.heardAgain = event.at;
        draft.incident.endOfRecording = event.at;
    }
    if (replay.parting())
        result.trouble = "the recording parts from this program's engine at step " +
                         std::to_string(replay.parting()->step) + ": a what-if after that would say nothing";
    else if (!replay.trouble().empty())
        result.trouble = replay.trouble();
    return drafts;
}

bool isTakeover(const Decision& decision) {
    return decision.text.size() > 10 && decision.text.rfind("claiming → starting") != std::string::npos;
}
bool isLoss(const Decision& decision) {
    return decision.text.rfind("active → lost") != std::string::npos ||
           decision.text.rfind("starting → lost") != std::string::npos;
}

std::string outcomeOf(const std::vector<Decision>& decisions, Instant base, bool would) {
    std::string text;
    for (const Decision& decision : decisions) {
        if (!isTakeover(decision) && !isLoss(decision)) continue;
        const std::string group = decision.text.substr(0, decision.text.find(':'));
        text += (text.empty() ? "" : "; ") + std::string(would ? "would have " : "") +
                (isTakeover(decision) ? "taken " + group + " over" : "lost " + group) + " at " +
                since(base, decision.at);
    }
    return text;
}

// The first of `those` that has no counterpart among `these`. Decisions of one instant have no order among groups.
std::optional<Decision> firstWithout(const std::vector<Decision>& these, const std::vector<Decision>& those) {
    std::multiset<std::string> counterparts;
    for (const Decision& decision : these)
        counterparts.insert(decision.text);
    for (const Decision& decision : those) {
        const auto found = counterparts.find(decision.text);
        if (found == counterparts.end()) return decision;
        counterparts.erase(found);
    }
    return {};
}

std::string verdictOf(const Incident& incident, const engine::Timeouts& timeouts, const std::string& name) {
    const std::string recorded = outcomeOf(incident.recorded, incident.base, false);
    const std::string replayed = outcomeOf(incident.replayed, incident.base, true);
    std::string text = "recorded: " + (recorded.empty() ? "nothing changed hands" : recorded) + "; with " + name + ": ";
    if (!replayed.empty()) {
        text += replayed;
        if (!incident.heardAgain && incident.replayed.back().at > incident.endOfRecording)
            text += ", had the silence gone on (the recording ends at " +
                    since(incident.base, incident.endOfRecording) + ")";
    } else if (incident.unanswered) {
        text += "would have done something else: " + *incident.unanswered;
    } else if (incident.heardAgain && *incident.heardAgain - incident.base < timeouts.lost) {
        text += "no takeover, the peer was heard again at " + since(incident.base, *incident.heardAgain) +
                ", before it would have been " +
                (*incident.heardAgain - incident.base < timeouts.suspect ? "suspect" : "lost");
    } else {
        text += "nothing would have changed hands";
    }
    if (incident.ended)
        text += "; what the peer says from " + since(incident.base, *incident.ended) +
                " on answers to what was really done, so the what-if ends there";
    if (!replayed.empty() && incident.unanswered)
        text += "; then it would have asked what the recording never asked: " + *incident.unanswered;
    return text;
}

} // namespace

Result<engine::Timeouts> changedTimeouts(const engine::Timeouts& recorded, const std::vector<std::string>& changes) {
    engine::Timeouts timeouts = recorded;
    const auto refuse = [](const std::string& change, const char* why) {
        return Error{"understand --what-if", "\"" + change + "\"", why,
                     "write profile=fast|standard|relaxed, suspect_after_ms=N, lost_after_ms=N or "
                     "challenge_window_ms=N"};
    };
    for (const std::string& change : changes) {
        const std::size_t sign = change.find('=');
        const std::string name = change.substr(0, sign);
        const std::string value = sign == std::string::npos ? "" : change.substr(sign + 1);
        if (name == "profile") {
            if (value == "fast")
                timeouts = engine::timeoutsOf(model::Profile::Fast);
            else if (value == "standard")
                timeouts = engine::timeoutsOf(model::Profile::Standard);
            else if (value == "relaxed")
                timeouts = engine::timeoutsOf(model::Profile::Relaxed);
            else
                return refuse(change, "there is no such profile");
            continue;
        }
        Duration* changed = name == "suspect_after_ms"      ? &timeouts.suspect
                            : name == "lost_after_ms"       ? &timeouts.lost
                            : name == "challenge_window_ms" ? &timeouts.challengeWindow
                                                            : nullptr;
        if (!changed) return refuse(change, "there is no such time-out");
        std::int64_t ms = 0;
        const auto end = std::from_chars(value.data(), value.data() + value.size(), ms);
        if (value.empty() || end.ec != std::errc() || end.ptr != value.data() + value.size() || ms < 1 ||
            ms > maxTimeoutMs)
            return refuse(change, "it needs a number of milliseconds, at most an hour");
        *changed = std::chrono::milliseconds(ms);
    }
    if (timeouts.suspect >= timeouts.lost)
        return Error{"change the time-outs", "",
                     "suspect after " + toText(timeouts.suspect) + " is not before lost after " + toText(timeouts.lost),
                     "change the other one, too"};
    return timeouts;
}

WhatIf whatIf(const Recording& recording, const Run& run, const engine::Timeouts& timeouts, const std::string& name) {
    WhatIf result;
    const engine::Timeouts recorded = engine::timeoutsOf(run.header.configuration.profile);
    for (Draft& draft : incidentsOf(recording, run, spanOf(timeouts), result)) {
        Incident& incident = draft.incident;
        OtherTime other(run.header, draft.state, draft.lastNow, draft.steps, timeouts);
        const Duration beyond = incident.heardAgain ? Duration(0) : beyondTheEnd(timeouts);
        other.live(incident.endOfRecording + beyond, incident);
        incident.onlyRecorded = firstWithout(incident.replayed, incident.recorded);
        incident.onlyReplayed = firstWithout(incident.recorded, incident.replayed);
        incident.verdict = verdictOf(incident, timeouts, name);
        result.incidents.push_back(std::move(incident));
    }
    if (timeouts.suspect < recorded.suspect)
        result.remarks.push_back("silences shorter than " + toText(recorded.suspect) +
                                 " are not in the recording: there may have been more that " + name +
                                 " would have noticed");
    return result;
}

} // namespace dyad::recorder
