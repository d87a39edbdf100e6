// SPDX-License-Identifier: Apache-2.0
// The whole truth as one node sees it, made for people and programs outside: what `dyad status` and the monitor draw.
// Names instead of ids, because whoever reads it doesn't have the configuration.
#pragma once

#include "model/checks.h"
#include "model/journal.h"
#include "model/reservation.h"
#include "model/status.h"

#include <array>
#include <string>
#include <vector>

namespace dyad::model {

struct LinkView {
    std::string name;
    std::string ownAddress;
    std::string peerAddress;
    LinkReport report;
};

struct NodeView {
    std::string name;
    bool self = false;
    Liveness liveness = Liveness::Unknown; // of the peer; Alive for self
    bool serviceAlive = false;
    bool maintenance = false;
    bool leaving = false;
    std::string bootDigest; // hexadecimal
};

struct LunView {
    std::string name;
    std::string group; // that it belongs to, or empty
    bool pathUp = false;
    bool gateOpen = false; // writes may pass on this node
    bool known = false;    // the snapshot below was read at least once
    ReservationSnapshot snapshot;
    Instant readAt;
    std::string holderName; // the node's name, "nobody", or "foreign key"
    std::string detail;     // last trouble in words, or empty
};

struct ResourceView {
    std::string name;
    std::string type;
    ResourceState state = ResourceState::Unknown; // on this node
    std::string detail;                           // progress or trouble in words, or empty
    unsigned restarts = 0;                        // within the ladder's window
    ResourceChecks checks{};
};

struct GroupView {
    std::string name;
    std::string preferredNode; // or empty
    std::string activeNode;    // or empty: nobody is
    Role ownRole = Role::Standby;
    Role peerRole = Role::Standby; // as last heard
    bool peerRoleFresh = false;    // heard from a living peer
    bool disabled = false;         // stopped until somebody enables it
    bool frozen = false;           // left as it is until somebody unfreezes it
    std::uint32_t epoch = 0;
    std::string why; // the operator's sentence of the last transition
    Instant since;   // of that transition
    std::vector<ResourceView> resources;
};

struct AlarmView {
    std::string id; // stable word with its subject: "link.lost:private"
    Severity severity = Severity::Warning;
    std::string text;
    std::string remedy;
    Instant since;
    std::int64_t sinceWallClockMs = 0;
    std::string acknowledgedBy{}; // who has seen it; empty: nobody. Goes with the alarm
    std::int64_t acknowledgedWallClockMs = 0;
};

struct ClusterView {
    std::string cluster;
    std::string profile;
    std::string node; // whose view this is
    Instant at;
    std::int64_t wallClockMs = 0;
    std::vector<NodeView> nodes;
    std::vector<LinkView> links;
    std::vector<LunView> luns;
    std::vector<GroupView> groups;
    std::vector<AlarmView> alarms;

    [[nodiscard]] const GroupView* group(const std::string& name) const; // null: there is none
};

// An order of an operator, and its answer.
enum class OrderKind : std::uint8_t {
    Switchover,
    Switchback,
    MaintenanceOn,
    MaintenanceOff,
    ClearFailure,
    Freeze, // the group is left as it is: not started, stopped, restarted or taken over, but for safety
    Unfreeze,
    Disable, // the group is stopped in order and stays stopped
    Enable,
    RestartResource, // with what stands on it
    StartAlone,      // don't wait for the peer any longer
    ReleaseClaim,    // a stranger's key is removed from the group's LUNs; the order names the key
};
inline constexpr std::array orderKinds{OrderKind::Switchover,      OrderKind::Switchback,   OrderKind::MaintenanceOn,
                                       OrderKind::MaintenanceOff,  OrderKind::ClearFailure, OrderKind::Freeze,
                                       OrderKind::Unfreeze,        OrderKind::Disable,      OrderKind::Enable,
                                       OrderKind::RestartResource, OrderKind::StartAlone,   OrderKind::ReleaseClaim};
[[nodiscard]] const char* toText(OrderKind kind); // as the command line has it, but for the maintenance orders

struct Order {
    OrderKind kind = OrderKind::Switchover;
    std::string group;      // empty for the maintenance orders
    std::string node;       // maintenance: which; else empty
    std::string who;        // token name, for the journal
    std::string resource{}; // of `group`, where the order is about one resource; else empty
    std::string key{};      // ReleaseClaim: the holder's key as it is shown, 16 hexadecimal digits; else empty
};

struct OrderAnswer {
    bool accepted = false;
    std::string text;   // what will happen now, or what stands in the way and what to do
    std::string node{}; // which node gave this answer; the control server fills it in
};

} // namespace dyad::model
