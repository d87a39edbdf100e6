// SPDX-License-Identifier: Apache-2.0
// Everything the engine knows. Plain values; changed only by the procedures, read by everyone.
#pragma once

#include "base/time.h"
#include "model/messages.h"
#include "model/status.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dyad::engine {

// A request of ours that has not been answered yet. A newer one replaces it; the older answer is then dropped.
struct PendingReservation {
    model::OperationId operation;
    model::Epoch epoch;
    model::ReservationCommand command = model::ReservationCommand::Read;
    Instant deadline;
};

struct LunRecord {
    model::LunId id;
    bool pathUp = false;
    Instant pathDownSince; // meaningful while !pathUp
    bool fenced = false;   // told by the data path; cleared when a claim is won
    bool known = false;    // `snapshot` was read at least once
    model::ReservationSnapshot snapshot;
    Instant provenFrom;       // the latest read-back that showed our reservation was sent then
    model::Epoch provenEpoch; // in this epoch; 0: never
    std::optional<PendingReservation> pending;
    std::optional<model::ReservationAnswer> answer; // of the last non-Read, waits for its procedure
    Instant readFrom;                               // when the read-back of `snapshot` was sent
    Instant lastLook;                               // when the keys were last asked for
    Instant lastDefence;                            // when a challenge was last removed, or tried to be
};

struct PendingResource {
    model::OperationId operation;
    model::Epoch epoch;
    model::ResourceVerb verb = model::ResourceVerb::Probe;
    Instant deadline;
};

struct ResourceRecord {
    model::ResourceState state = model::ResourceState::Unknown;
    bool mustStop = false;   // comes down before it may start again
    bool killFailed = false; // not even force helped
    bool mayRun = false;     // started by us, or seen running: only then is force that fails a danger
    std::string detail;
    std::optional<PendingResource> pending;
    std::vector<Instant> failures; // within the ladder's window
};

enum class ClaimCause : std::uint8_t { PeerSilent, PeerUseless, PeerReleased, NobodyOwns };

enum class ClaimPhase : std::uint8_t {
    Challenging, // our key is being registered beside the owner's
    Window,      // it stands there; the owner has the challenge window to remove it
    Reading,     // no challenge needed: the holders are read
    Arbiter,     // the first LUN is claimed
    Others,      // it is won, the others are claimed
    GivingBack,  // one of the others was refused: what was won is released
};

struct ClaimRecord {
    ClaimCause cause = ClaimCause::NobodyOwns;
    ClaimPhase phase = ClaimPhase::Reading;
    Instant windowFrom;    // the challenge was seen on the array by then
    unsigned attempts = 0; // of claiming the others
    bool defended = false; // how the last attempt ended
    Instant notBefore;     // the next attempt, after one that did not succeed
    bool frozen = false;   // the node stood still meanwhile: what the claim was built on is old
};

enum class StopCause : std::uint8_t { Switchover, Shutdown, Failure, PublicNetwork, Disable };

struct GroupRecord {
    model::GroupId id;
    std::uint32_t tag = 0; // by which heartbeats name it
    model::Role role = model::Role::Standby;
    model::Epoch epoch;        // highest seen or made
    Instant since;             // of the last transition
    std::string why;           // its row's text
    model::ReservationKey key; // of our claim in `epoch`
    bool settled = false;      // the start-up look at array and resources is over
    bool takeover = false;     // won from a peer that did not let go
    bool reprove = false;      // nothing starts before the lease is proven anew (after a freeze)
    Instant reproveFrom;       // by a read-back sent after this
    ClaimRecord claim;
    StopCause stopCause = StopCause::Switchover;
    bool releasing = false;                // Stopping: resources are down, LUNs are being released
    bool released = false;                 // said in the heartbeat: claim it at once
    Instant wonAt;                         // when the present claim was won
    Instant handoverUntil;                 // until then the peer has the first turn
    std::optional<Instant> asksUntil;      // an operator wants the group here; the owner is asked until then
    model::StandingOrder standing;         // the pair's: the later of both nodes' counts
    Instant standingSince;                 // as this life of the service knows it
    Instant peerRoleSince;                 // the peer says since then what it says of its role
    bool failbackOpen = false;             // the time of day for it, where the file names one
    bool alone = false;                    // ordered to start without the peer; until that is heard
    std::optional<model::ReservationKey> evict; // a stranger's key that an operator wants gone
    std::vector<LunRecord> luns;           // in claim order; the first is the arbiter
    std::vector<ResourceRecord> resources; // by ResourceId
};

struct PeerRecord {
    model::Liveness liveness = model::Liveness::Unknown; // over all links
    Instant since;                                       // of this liveness
    bool everHeard = false;
    model::BootDigest boot;
    model::NodeStatus status; // as last heard
    Instant statusSince;      // it serves, leaves or is in maintenance as it does, since then
};

struct State {
    bool started = false;
    Instant startedAt;
    model::BootDigest boot;
    bool maintenance = false;
    bool leaving = false;
    bool shutdownTold = false;
    bool fenceOrdered = false;
    bool gatewayKnown = false;
    bool gatewayReachable = true;
    Instant gatewayGoneSince;                        // meaningful while !gatewayReachable
    std::vector<model::LinkReport> links;            // by LinkId
    std::vector<std::optional<Instant>> oneWaySince; // by LinkId: heard, but the peer doesn't hear us
    PeerRecord peer;
    std::vector<GroupRecord> groups; // by GroupId
    std::set<std::string> alarms;    // ids raised now
    std::optional<model::NodeStatus> previous;
    std::optional<model::NodeStatus> published;
    model::OperationId lastOperation;
};

// A node in one of these roles holds the reservation, or believes so.
[[nodiscard]] constexpr bool owns(model::Role role) {
    return role == model::Role::Starting || role == model::Role::Active || role == model::Role::Stopping;
}

} // namespace dyad::engine
