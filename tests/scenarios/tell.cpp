// SPDX-License-Identifier: Apache-2.0
#include "tell.h"

#include "base/overloaded.h"

namespace dyad::scenarios {

namespace {

const char* mark(model::Severity severity) {
    switch (severity) {
    case model::Severity::Information: return "";
    case model::Severity::Warning: return "!";
    case model::Severity::Critical: return "!!";
    }
    return "?";
}

std::string inWords(const model::Configuration& configuration, const model::ReservationRequest& request) {
    std::string text = std::string(toText(request.command)) + " " + configuration.luns[request.lun.value].name +
                       " as " + toText(request.key);
    if (request.command == model::ReservationCommand::Claim)
        text += std::string(request.from == model::ClaimFrom::Challenge ? " from the challenge" : " from nothing") +
                (request.expectedHolder ? ", held by " + toText(*request.expectedHolder) : ", held by nobody");
    return text + ", epoch " + std::to_string(request.epoch.value);
}

std::string inWords(const model::Configuration& configuration, const model::ResourceRequest& request) {
    const model::GroupSetup& group = configuration.groups[request.group.value];
    return std::string(toText(request.verb)) + " " + group.resources[request.resource.value].name + ", epoch " +
           std::to_string(request.epoch.value) + (request.takeover ? ", a takeover" : "");
}

} // namespace

void tell(const model::Configuration& configuration, const engine::Action& action,
          const std::function<void(const ToldLine&)>& line) {
    const auto nameOf = [&](std::optional<model::GroupId> id) {
        return id ? configuration.groups[id->value].name : std::string();
    };
    std::visit(Overloaded{
                   [&](const engine::PublishStatus& publish) {
                       line({"", "says", toText(publish.status)});
                   },
                   [&](const model::ReservationRequest& request) {
                       if (request.command != model::ReservationCommand::Read)
                           line({nameOf(request.group), "asks", inWords(configuration, request)});
                   },
                   [&](const engine::CloseGate& gate) {
                       line({"", "asks", "close the gate of LUN " + configuration.luns[gate.lun.value].name});
                   },
                   [&](const model::ResourceRequest& request) {
                       line({nameOf(request.group), "asks", inWords(configuration, request)});
                   },
                   [&](const engine::Explain& each) {
                       line({nameOf(each.group), each.kind + mark(each.severity), each.text});
                   },
                   [&](const engine::RaiseAlarm& alarm) {
                       line({"", std::string("ALARM") + mark(alarm.severity), alarm.id + ": " + alarm.text});
                   },
                   [&](const engine::ClearAlarm& alarm) {
                       line({"", "alarm over", alarm.id});
                   },
                   [&](const engine::AnswerOrder& answer) {
                       line({"", "answers", (answer.accepted ? "yes: " : "no: ") + answer.text});
                   },
                   [](const engine::KeepStandingOrders&) {}, // the order's line says so
                   [&](const engine::SelfFence&) {
                       line({"", "RESET", "the host resets itself"});
                   },
                   [&](const engine::ShutdownFinished&) {
                       line({"", "DOWN", "the service has ended in order"});
                   },
               },
               action);
}

} // namespace dyad::scenarios
