// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/words.h"

#include "base/overloaded.h"

namespace dyad::recorder {

namespace {

std::string inParentheses(const std::string& detail) { return detail.empty() ? "" : " (" + detail + ")"; }

std::string linksInWords(const engine::HeartChanged& heart, const model::Configuration& configuration) {
    std::string text;
    for (std::size_t i = 0; i < heart.links.size(); ++i) {
        const std::string name = i < configuration.links.size() ? configuration.links[i].name : std::to_string(i);
        text += (i > 0 ? ", " : "") + name + " " + model::toText(heart.links[i].liveness);
        if (heart.links[i].liveness == model::Liveness::Alive && !heart.links[i].peerHearsUs) text += " (one way)";
    }
    return text;
}

const char* toText(model::LunNotice::Kind kind) {
    switch (kind) {
    case model::LunNotice::Kind::PathUp: return "path up";
    case model::LunNotice::Kind::PathDown: return "path down";
    case model::LunNotice::Kind::Fenced: return "fenced";
    }
    return "?";
}

const char* toText(model::ResourceNotice::Kind kind) {
    switch (kind) {
    case model::ResourceNotice::Kind::Died: return "died";
    case model::ResourceNotice::Kind::Unhealthy: return "failed its health check";
    case model::ResourceNotice::Kind::Progress: return "comes along";
    }
    return "?";
}

} // namespace

std::string groupName(model::GroupId group, const model::Configuration& configuration) {
    return group.value < configuration.groups.size() ? configuration.groups[group.value].name
                                                     : "group " + std::to_string(group.value);
}

std::string lunName(model::LunId lun, const model::Configuration& configuration) {
    return lun.value < configuration.luns.size() ? configuration.luns[lun.value].name : std::to_string(lun.value);
}

std::string resourceName(model::GroupId group, model::ResourceId resource, const model::Configuration& configuration) {
    const bool known = group.value < configuration.groups.size() &&
                       resource.value < configuration.groups[group.value].resources.size();
    return groupName(group, configuration) + "/" +
           (known ? configuration.groups[group.value].resources[resource.value].name : std::to_string(resource.value));
}

std::string toWords(const engine::Event& event, const model::Configuration& configuration) {
    return std::visit(
        Overloaded{
            [](const engine::Started& started) {
                return std::string("the service starts") + (started.previous ? "; its heart lived on" : "");
            },
            [&](const engine::HeartChanged& heart) {
                return "heart: " + linksInWords(heart, configuration) +
                       (heart.peer.everHeard ? "; the peer says: " + model::toText(heart.peer.status) : "");
            },
            [](const engine::GatewayChanged& gateway) {
                return std::string(gateway.reachable ? "a gateway answers" : "no gateway answers");
            },
            [&](const model::ReservationAnswer& answer) {
                const bool seen = answer.outcome == model::ReservationOutcome::Good ||
                                  answer.outcome == model::ReservationOutcome::Defended ||
                                  answer.outcome == model::ReservationOutcome::Conflict;
                return std::string("array: ") + toText(answer.command) + " on LUN " +
                       lunName(answer.lun, configuration) + ": " + toText(answer.outcome) +
                       (seen ? ", " + toText(answer.snapshot) : "") + inParentheses(answer.detail);
            },
            [&](const model::LunNotice& notice) {
                return "LUN " + lunName(notice.lun, configuration) + ": " + toText(notice.kind) +
                       inParentheses(notice.detail);
            },
            [&](const model::ResourceAnswer& answer) {
                return std::string("resource: ") + toText(answer.verb) + " of " +
                       resourceName(answer.group, answer.resource, configuration) + ": " + toText(answer.outcome) +
                       inParentheses(answer.detail);
            },
            [&](const model::ResourceNotice& notice) {
                return "resource " + resourceName(notice.group, notice.resource, configuration) + " " +
                       toText(notice.kind) + inParentheses(notice.detail);
            },
            [&](const engine::OrderGiven& order) {
                return std::string("order of ") + order.who + ": " + model::toText(order.kind) + " " +
                       (order.kind == model::OrderKind::RestartResource
                            ? resourceName(order.group, order.resource, configuration)
                            : groupName(order.group, configuration));
            },
            [](const engine::ShutdownRequested& request) { return "this node is to leave: " + request.why; },
            [](const engine::WasFrozen& frozen) { return "the service stood still for " + dyad::toText(frozen.gap); },
            [&](const engine::FailbackWindow& window) {
                return "the time of day to go back by itself " + std::string(window.open ? "has come" : "is over") +
                       ": " + groupName(window.group, configuration);
            },
            [](const engine::TimePassed&) { return std::string("time has passed"); },
        },
        event);
}

std::string toWords(const engine::Action& action, const model::Configuration& configuration) {
    return std::visit(
        Overloaded{
            [](const engine::PublishStatus& publish) { return "says: " + model::toText(publish.status); },
            [&](const model::ReservationRequest& request) {
                return std::string("asks the array: ") + toText(request.command) + " on LUN " +
                       lunName(request.lun, configuration) +
                       (request.command == model::ReservationCommand::Read ? "" : " with key " + toText(request.key)) +
                       ", operation " + std::to_string(request.operation.value);
            },
            [&](const engine::CloseGate& gate) { return "shuts the gate of LUN " + lunName(gate.lun, configuration); },
            [&](const model::ResourceRequest& request) {
                return std::string("asks to ") + toText(request.verb) + " " +
                       resourceName(request.group, request.resource, configuration) + ", operation " +
                       std::to_string(request.operation.value);
            },
            [&](const engine::Explain& explain) {
                return "tells (" + explain.kind +
                       (explain.group ? ", " + groupName(*explain.group, configuration) : "") + "): " + explain.text;
            },
            [](const engine::RaiseAlarm& alarm) { return "raises the alarm " + alarm.id + ": " + alarm.text; },
            [](const engine::ClearAlarm& alarm) { return "clears the alarm " + alarm.id; },
            [](const engine::AnswerOrder& answer) {
                return std::string("answers the order: ") + (answer.accepted ? "accepted, " : "refused, ") +
                       answer.text;
            },
            [](const engine::KeepStandingOrders&) { return std::string("writes the standing orders down"); },
            [](const engine::SelfFence& fence) { return "resets this host: " + fence.reason; },
            [](const engine::ShutdownFinished&) { return std::string("has finished the shutdown"); },
        },
        action);
}

} // namespace dyad::recorder
