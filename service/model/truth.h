// SPDX-License-Identifier: Apache-2.0
// What is, as one node sees it with its own eyes, beside what its service believes. `dyad truth` compares both nodes'.
#pragma once

#include "model/reservation.h"
#include "model/status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dyad::model {

struct TruthLun {
    std::string name;
    std::string group;
    bool pathUp = false;
    bool gateOpen = false;
    bool known = false; // the snapshot was read at least once
    ReservationSnapshot snapshot;
    std::string holderName; // a node's, "nobody", or "foreign key"
    std::int64_t readAgoMs = 0;
    std::vector<std::string> mountedAt; // every mount of this LUN's data on this node
    std::string configuredMount;        // where it belongs; empty: no filesystem of a group is on it
};

struct TruthResource {
    std::string name;
    std::string type;
    ResourceState state = ResourceState::Unknown; // as the service believes
};

struct TruthMount {
    std::string group;
    std::string resource;
    std::string mountPoint;
    bool claimed = false; // the service says that it is mounted here (or is just doing it)
    bool mounted = false; // /proc/self/mountinfo
    bool settled = false; // the service isn't in the middle of mounting or unmounting
    std::string source;
    std::string type;
};

struct TruthAddress {
    std::string group;
    std::string resource;
    std::string address;
    bool claimed = false;
    bool settled = false;
    std::string interface;              // that has it; empty: none
    std::string wireInterface;          // where the wire was looked at
    std::string ownHardware;            // of that interface
    std::vector<std::string> answers;   // hardware addresses of others that answer for it
    std::string neighbour;              // hardware address that this host would send to; or empty
    std::vector<std::string> sendsHere; // "10.77.0.50 (02:00:00:00:00:05)": who sends packets for it to this host
    std::string trouble;                // why the wire was not looked at
};

struct TruthProcess {
    std::string group;
    std::string resource;
    std::int64_t pid = 0;
    bool claimed = false;
    bool settled = false;
    bool alive = false;
};

struct TruthGroup {
    std::string name;
    Role role = Role::Standby;
    std::uint32_t epoch = 0;
};

struct NodeTruth {
    std::string node;
    std::string peer;
    std::string version;
    std::int64_t wallMs = 0;
    std::string configurationDigest; // of what the service runs, hexadecimal
    std::string fileDigest;          // of the file on the disk now; empty: it can't be read
    std::string peerDigest;          // as the peer's heartbeat says; empty: not heard
    bool peerAlive = false;
    std::int64_t worstLatenessMs = -1; // of the heart since it started; -1: not known
    std::vector<TruthGroup> groups;
    std::vector<TruthLun> luns;
    std::vector<TruthMount> mounts;
    std::vector<TruthAddress> addresses;
    std::vector<TruthProcess> processes;
    std::vector<std::string> trouble; // what could not be looked at
};

struct Contradiction {
    std::string id; // "truth.address:erp/ip@beta"
    std::string node;
    Severity severity = Severity::Warning;
    std::string text;
    std::string remedy;
};

} // namespace dyad::model
