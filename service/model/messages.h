// SPDX-License-Identifier: Apache-2.0
// What passes between the engine and the outside: requests go out as actions, answers and notices come in as events.
// Every answer quotes the operation id and the epoch of its request; the engine drops one that quotes another pair.
#pragma once

#include "base/time.h"
#include "model/names.h"
#include "model/reservation.h"

#include <optional>
#include <string>

namespace dyad::model {

// --- reservations -----------------------------------------------------------------------------------------------

struct ReservationRequest {
    OperationId operation;
    Epoch epoch;
    GroupId group;
    LunId lun;
    ReservationCommand command = ReservationCommand::Read;
    ReservationKey key;                           // own key of this claim, login 0; unused by Read
    ClaimFrom from = ClaimFrom::Nothing;          // Claim only
    std::optional<ReservationKey> expectedHolder; // Claim only: another holder than this (none: nobody) is a Conflict

    bool operator==(const ReservationRequest&) const = default;
};

struct ReservationAnswer {
    OperationId operation;
    Epoch epoch;
    GroupId group;
    LunId lun;
    ReservationCommand command = ReservationCommand::Read;
    ReservationOutcome outcome = ReservationOutcome::NoPath;
    ReservationSnapshot snapshot; // valid with Good, Defended and Conflict
    Instant readFrom;             // when the read-back of the snapshot was sent: what it shows was true then or later
    std::string detail;           // trouble in words: the sense with its numbers

    bool operator==(const ReservationAnswer&) const = default;
};

struct LunNotice {
    enum class Kind : std::uint8_t {
        PathUp,   // session logged in (again); nothing is known about keys
        PathDown, // no session, or it stopped answering; I/O is held
        Fenced,   // a write or a unit attention showed that our key is gone; the gate is latched shut
    };
    LunId lun;
    Kind kind = Kind::PathDown;
    std::string detail;

    bool operator==(const LunNotice&) const = default;
};

// --- resources --------------------------------------------------------------------------------------------------

enum class ResourceVerb : std::uint8_t {
    Start,
    Stop,  // in order: the resource may take its time to end well
    Kill,  // at once and by force; data is already lost to us, or the time for an orderly stop is over
    Probe, // what is true now; a running one left by an earlier run of the service is adopted (supervised again)
};
[[nodiscard]] const char* toText(ResourceVerb verb);

struct ResourceRequest {
    OperationId operation;
    Epoch epoch;
    GroupId group;
    ResourceId resource;
    ResourceVerb verb = ResourceVerb::Probe;
    bool takeover =
        false; // Start: the peer is dead, not leaving (an address is then raised without asking the network)

    bool operator==(const ResourceRequest&) const = default;
};

enum class ResourceOutcome : std::uint8_t {
    Running,     // Start: it runs. Probe: it runs and is supervised
    Stopped,     // Stop, Kill, Probe: nothing of it is left
    Failed,      // the resource itself is at fault
    CouldNotRun, // the check or the action could not be carried out; says nothing about the resource
    Starting,    // Probe: it runs and is supervised, but isn't ready yet; a Start waits for it
};
[[nodiscard]] const char* toText(ResourceOutcome outcome);

struct ResourceAnswer {
    OperationId operation;
    Epoch epoch;
    GroupId group;
    ResourceId resource;
    ResourceVerb verb = ResourceVerb::Probe;
    ResourceOutcome outcome = ResourceOutcome::Failed;
    std::string detail; // "mounted, journal replayed in 51 ms"; or what went wrong, with its numbers

    bool operator==(const ResourceAnswer&) const = default;
};

// Unasked: a supervised resource ended or failed its health check K times in a row, or tells how far it has come.
struct ResourceNotice {
    enum class Kind : std::uint8_t { Died, Unhealthy, Progress };
    GroupId group;
    ResourceId resource;
    Kind kind = Kind::Died;
    std::string detail;

    bool operator==(const ResourceNotice&) const = default;
};

} // namespace dyad::model
