// SPDX-License-Identifier: Apache-2.0
// What a node says of itself in every heartbeat, and what the heart says of links and peer to the service.
#pragma once

#include "base/time.h"
#include "model/names.h"

#include <string>
#include <utility>
#include <vector>

namespace dyad::model {

inline constexpr std::size_t maxGroups = 32; // fits one heartbeat datagram
inline constexpr std::size_t maxLinks = 8;
inline constexpr std::size_t maxLunsPerGroup = 16;
inline constexpr std::size_t maxResourcesPerGroup = 64;

// By this a heartbeat names a group, so that two nodes whose files differ still speak of the same one. FNV-1a, 32 bits.
[[nodiscard]] std::uint32_t groupTag(const std::string& name);

// What operators have ordered of a group until further notice. Both nodes keep it, on disk, too; a later version replaces
// an earlier one.
struct StandingOrder {
    bool disabled = false; // stopped in order, and nobody takes it
    bool frozen = false;   // nothing is started, stopped or moved, but for safety
    std::uint16_t version = 0;

    bool operator==(const StandingOrder&) const = default;
};

// All of a node's: what outlives its boots.
struct StandingOrders {
    bool maintenance = false; // of this node
    std::vector<std::pair<std::string, StandingOrder>> groups; // by name, those that were ever given one

    bool operator==(const StandingOrders&) const = default;
};

// One node's word on one group.
struct GroupStatus {
    Role role = Role::Standby;
    Epoch epoch;           // the latest epoch that this node has seen of the group
    bool useless = false;  // owns, but can't serve and will not defend: take it
    bool released = false; // stopped in order, let go of every LUN at `epoch`: claim it at once
    bool asks = false;     // an operator wants it here: the owner is asked to switch over
    bool unfit = false;    // can't run it here now (failed here, maintenance, no path to the array)
    StandingOrder standing;
    std::uint32_t tag = 0; // groupTag() of its name

    bool operator==(const GroupStatus&) const = default;
};

// One node's word on itself.
struct NodeStatus {
    bool serviceAlive = false; // dyadd runs and talks to its heart
    bool leaving = false;      // orderly shutdown under way
    bool maintenance = false;
    std::uint64_t configurationDigest = 0;
    std::vector<GroupStatus> groups; // in the order of its file; at most maxGroups

    bool operator==(const NodeStatus&) const = default;
};
[[nodiscard]] std::string toText(const NodeStatus& status);

// What the heart measured on one link; for people and metrics, the engine needs only the first four.
struct LinkReport {
    Liveness liveness = Liveness::Unknown;
    bool peerHearsUs = false; // as the peer's last heartbeat on any link tells
    Instant lastHeard;        // arrival of the last valid heartbeat on this link
    bool everHeard = false;
    Duration roundTrip{0}; // smoothed
    double lossRatio = 0;  // 0..1 of the last 100 expected heartbeats
    std::uint64_t received = 0;
    std::uint64_t rejected = 0; // wrong key, replay, foreign cluster, wrong size

    bool operator==(const LinkReport&) const = default;
};

// What the heart last heard of the peer.
struct PeerReport {
    bool everHeard = false;
    BootDigest boot;
    NodeStatus status;

    bool operator==(const PeerReport&) const = default;
};

} // namespace dyad::model
