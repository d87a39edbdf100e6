// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/incident_headline.h"

#include "engine/journal_kinds.h"
#include "recorder/history/evidence.h"

namespace dyad::recorder {

using engine::Trigger;
using model::IncidentKind;
using model::IncidentOutcome;
using model::Role;

namespace {

// The present one of an ongoing incident, the past one of the others.
std::string ending(const model::Incident& incident, const char* ongoing, const char* done, const char* failed) {
    switch (incident.outcome) {
    case IncidentOutcome::Ongoing: return ongoing;
    case IncidentOutcome::Done: return done;
    case IncidentOutcome::Failed: return failed;
    case IncidentOutcome::Interrupted: return ongoing;
    }
    return ongoing;
}

std::string whyTaken(const engine::Transition* row, const std::string& peer) {
    if (!row) return "";
    switch (row->trigger) {
    case Trigger::PeerSilent: return ": " + peer + " fell silent on every link";
    case Trigger::PeerUseless: return ": " + peer + " could not serve it any more";
    default: return "";
    }
}

std::string whyMoved(const engine::Transition* row) {
    if (!row) return "";
    switch (row->trigger) {
    case Trigger::PublicNetworkLost: return ": no gateway answered here";
    case Trigger::ShutdownOrdered: return ": this node was shut down";
    case Trigger::LadderExhausted: return ": a resource failed too often";
    default: return "";
    }
}

std::string moved(const model::Incident& incident, const std::string& peer, const engine::Transition* row) {
    const std::string what = toText(incident.kind);
    const bool gives = row && row->to == Role::Stopping;
    const std::string from = gives ? incident.node : peer;
    const std::string to = gives ? peer : incident.node;
    return what + " of group " + incident.group + " from " + from + " to " + to + whyMoved(row) +
           ending(incident, ": under way", gives ? ": stopped and let go of" : "", ": it went wrong");
}

std::string refused(const model::Incident& incident, const std::string& peer, const engine::Transition* row,
                    unsigned refusals) {
    const std::string times = refusals > 1 ? ", " + std::to_string(refusals) + " times" : "";
    if (incident.rule == engine::kind::defended)
        return incident.node + " kept group " + incident.group + ": it did not hear " + peer +
               " and defended the group on the array" + times;
    std::string why = "the claim came to nothing";
    if (row && row->trigger == Trigger::Defended) why = peer + " is alive and defended it on the array";
    if (row && row->trigger == Trigger::PeerBack) why = peer + " was heard again in time";
    if (row && row->trigger == Trigger::ClaimRefused) why = "the array did not give the reservation";
    return incident.node + " did not take group " + incident.group + ": " + why + times;
}

} // namespace

std::string headlineOf(const model::Incident& incident, const std::string& peer, const std::string& detail,
                       unsigned refusals) {
    const engine::Transition* row = ruleNamed(incident.rule);
    const std::string because = detail.empty() ? "" : ": " + detail;
    switch (incident.kind) {
    case IncidentKind::Takeover:
        return incident.node + ending(incident, " is taking group ", " took group ", " could not run group ") +
               incident.group + (incident.outcome == IncidentOutcome::Failed ? " after taking it" : "") +
               " over from " + peer + whyTaken(row, peer);
    case IncidentKind::Switchover:
    case IncidentKind::Switchback:
    case IncidentKind::Drill:
    case IncidentKind::Move: return moved(incident, peer, row);
    case IncidentKind::FailoverRefused: return refused(incident, peer, row, refusals);
    case IncidentKind::GroupStart:
        return "group " + incident.group +
               ending(incident, " is being started on ", " was started on ", " could not be started on ") +
               incident.node + ": nobody had it";
    case IncidentKind::ResourceFailure: {
        const std::string what = incident.resource.empty() ? "a resource" : incident.resource;
        if (row && row->trigger == Trigger::LadderExhausted)
            return what + " of group " + incident.group + " failed on " + incident.node +
                   " more often than allowed: the group left it";
        return what + " of group " + incident.group + " failed on " + incident.node +
               ending(incident, " and is started again", " and was started again there",
                      " and could not be started again there");
    }
    case IncidentKind::LeaseLost:
        return incident.node + " lost group " + incident.group + because +
               (incident.outcome == IncidentOutcome::Done && because.empty() ? ": everything of it was dropped" : "");
    case IncidentKind::StorageLost:
        return incident.node + " had no path to LUN " + incident.resource +
               (incident.group.empty() ? ending(incident, "", "; it is back", "; it stayed away")
                                       : " and dropped group " + incident.group);
    case IncidentKind::SelfFence: return incident.node + " reset itself" + (detail.empty() ? "" : ": " + detail);
    case IncidentKind::NodeLost:
        return incident.node + ending(incident, " does not hear ", " did not hear ", " did not hear ") + peer +
               (incident.outcome == IncidentOutcome::Done ? " for a while; nothing moved"
                                                          : " on any link; nothing moved");
    case IncidentKind::NodeReturned:
        return peer + " came back" + (incident.rule.empty() ? "" : " after a reboot") + "; nothing moved";
    }
    return toText(incident.kind);
}

} // namespace dyad::recorder
