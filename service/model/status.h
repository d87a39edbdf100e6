// SPDX-License-Identifier: Apache-2.0
// What a node says of itself in every heartbeat, and what the heart says of links and peer to the service.
#pragma once

#include "base/time.h"
#include "model/names.h"

#include <vector>

namespace dyad::model {

inline constexpr std::size_t maxGroups = 32; // fits one heartbeat datagram
inline constexpr std::size_t maxLinks = 8;
inline constexpr std::size_t maxLunsPerGroup = 16;
inline constexpr std::size_t maxResourcesPerGroup = 64;

// One node's word on one group.
struct GroupStatus {
    Role role = Role::Standby;
    Epoch epoch;           // the latest epoch that this node has seen of the group
    bool useless = false;  // owns, but can't serve and will not defend: take it
    bool released = false; // stopped in order, let go of every LUN at `epoch`: claim it at once
    bool asks = false;     // an operator wants it here: the owner is asked to switch over
    bool unfit = false;    // can't run it here now (failed here, maintenance, no path to the array)

    bool operator==(const GroupStatus&) const = default;
};

// One node's word on itself.
struct NodeStatus {
    bool serviceAlive = false; // dyadd runs and talks to its heart
    bool leaving = false;      // orderly shutdown under way
    bool maintenance = false;
    std::uint64_t configurationDigest = 0;
    std::vector<GroupStatus> groups; // by GroupId; at most maxGroups

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
