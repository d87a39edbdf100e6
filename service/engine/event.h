// SPDX-License-Identifier: Apache-2.0
// Everything that can happen to the engine.
#pragma once

#include "model/messages.h"
#include "model/status.h"
#include "model/view.h"

#include <string>
#include <variant>
#include <vector>

namespace dyad::engine {

// The first event, once. `previous` is what this node said of itself before the service alone was restarted.
struct Started {
    model::BootDigest boot;
    std::optional<model::NodeStatus> previous;
    model::StandingOrders kept; // what stands on disk
};

// Links and peer as the heart reports them, whole, whenever something about them changed.
struct HeartChanged {
    std::vector<model::LinkReport> links; // by LinkId
    model::PeerReport peer;
};

struct GatewayChanged {
    bool reachable = false;
};

struct OrderGiven {
    model::RequestId request;
    model::OrderKind kind = model::OrderKind::Switchover;
    model::GroupId group;   // where the kind has one
    model::ResourceId resource;
    model::ReservationKey key; // ReleaseClaim: the holder that whoever orders it has seen
    bool aboutPeer = false; // maintenance of the peer, not of this node
    std::string who;
};

// The time of day has come, or is over, in which the group may go back to its preferred node by itself.
struct FailbackWindow {
    model::GroupId group;
    bool open = false;
};

// This node is to stop in order: hand over or stop every group, then say ShutdownFinished.
struct ShutdownRequested {
    std::string why;
};

// The shell was not running for `gap` (suspend, SIGSTOP, VM pause): what was proven before is doubtful.
struct WasFrozen {
    Duration gap{0};
};

// Nothing but time has passed; sent when nextDeadline() is reached.
struct TimePassed {};

using Event =
    std::variant<Started, HeartChanged, GatewayChanged, model::ReservationAnswer, model::LunNotice,
                 model::ResourceAnswer, model::ResourceNotice, OrderGiven, ShutdownRequested, WasFrozen, TimePassed,
                 FailbackWindow>;

} // namespace dyad::engine
