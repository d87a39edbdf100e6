// SPDX-License-Identifier: Apache-2.0
// Everything that the engine can want. The shell carries the actions of one step out in the order given.
#pragma once

#include "model/messages.h"
#include "model/status.h"
#include "model/view.h"

#include <string>
#include <variant>

namespace dyad::engine {

// What goes into every heartbeat from now on.
struct PublishStatus {
    model::NodeStatus status;
    bool operator==(const PublishStatus&) const = default;
};

// To be on disk soon, for the next boot.
struct KeepStandingOrders {
    model::StandingOrders orders;
    bool operator==(const KeepStandingOrders&) const = default;
};

// Latch the LUN's data path shut on this host.
struct CloseGate {
    model::LunId lun;
    bool operator==(const CloseGate&) const = default;
};

// One line of the story. `kind` is a stable word (engine/journal_kinds.h).
struct Explain {
    model::Severity severity = model::Severity::Information;
    std::string kind;
    std::optional<model::GroupId> group;
    std::optional<model::ResourceId> resource;
    std::string text;
    bool operator==(const Explain&) const = default;
};

struct RaiseAlarm {
    std::string id;
    model::Severity severity = model::Severity::Warning;
    std::string text;
    std::string remedy;
    bool operator==(const RaiseAlarm&) const = default;
};

struct ClearAlarm {
    std::string id;
    bool operator==(const ClearAlarm&) const = default;
};

struct AnswerOrder {
    model::RequestId request;
    bool accepted = false;
    std::string text;
    bool operator==(const AnswerOrder&) const = default;
};

// This host can't be made harmless in any other way: reset it.
struct SelfFence {
    std::string reason;
    bool operator==(const SelfFence&) const = default;
};

// After ShutdownRequested: everything is down and let go of; the service may exit.
struct ShutdownFinished {
    bool operator==(const ShutdownFinished&) const = default;
};

using Action = std::variant<PublishStatus, model::ReservationRequest, CloseGate, model::ResourceRequest, Explain,
                            RaiseAlarm, ClearAlarm, AnswerOrder, SelfFence, ShutdownFinished, KeepStandingOrders>;

} // namespace dyad::engine
