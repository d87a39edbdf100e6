// SPDX-License-Identifier: Apache-2.0
// What a node remembers beyond its journal: incidents, how long their steps took, and what operators asked for.
// Instants are of the node that tells; `boot` says of which of its boots, because each boot's clock starts anew.
#pragma once

#include "base/time.h"
#include "model/journal.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dyad::model {

enum class IncidentKind : std::uint8_t {
    Takeover,        // the group was taken from a peer that did not let go of it
    Switchover,      // moved in order, an operator's wish
    Switchback,      // the same, to the preferred node
    Drill,           // the same, as an exercise
    Move,            // moved in order without an operator: shutdown, network, failures, failback by policy
    FailoverRefused, // the peer was silent, and yet nothing moved: its owner defended, or the array said no
    GroupStart,      // nobody had the group
    ResourceFailure, // a resource failed; what became of it is the outcome
    LeaseLost,       // the group had to be dropped here
    StorageLost,     // no path to a LUN
    SelfFence,       // the node reset itself
    NodeLost,        // the peer was silent, and no group depended on it
    NodeReturned,    // the peer is heard again after it was lost
};
[[nodiscard]] const char* toText(IncidentKind kind);
[[nodiscard]] bool isMove(IncidentKind kind); // given up in order on one node, taken on the other

enum class IncidentOutcome : std::uint8_t {
    Ongoing,
    Done,        // it ended as it should
    Failed,      // it ended otherwise
    Interrupted, // the service ended before it
};
[[nodiscard]] const char* toText(IncidentOutcome outcome);

struct IncidentStep {
    std::string name;  // "detect", "claim", "start data", "stop db", "release"
    Duration after{0}; // since the beginning of the incident
    Duration took{0};

    bool operator==(const IncidentStep&) const = default;
};

struct Incident {
    std::uint64_t id = 0; // sequence of the journal entry that opened it: stable, and unique within its node
    std::string node;     // whose journal tells of it
    std::string boot;     // hexadecimal; empty: not known
    IncidentKind kind = IncidentKind::NodeLost;
    IncidentOutcome outcome = IncidentOutcome::Ongoing;
    std::string group;    // or empty
    std::string resource; // or empty
    std::string rule;     // "standby: peer silent": role and trigger of the row that decided; or empty
    std::string headline; // in the operator's words
    Instant began;
    Instant ended; // of the last thing known of it
    std::int64_t beganWallMs = 0;
    std::int64_t endedWallMs = 0;
    std::uint64_t firstSequence = 0; // entries of the journal that tell of it
    std::uint64_t lastSequence = 0;
    std::vector<IncidentStep> steps;

    bool operator==(const Incident&) const = default;
};

// An entry of the journal, and the boot that wrote it.
struct RememberedEntry {
    JournalEntry entry;
    std::string boot;
};

// One step of one move of a group, for predictions.
struct StepDuration {
    std::string group;
    IncidentKind kind = IncidentKind::Switchover;
    std::string step;
    Duration took{0};
    std::int64_t wallMs = 0;
};

} // namespace dyad::model
