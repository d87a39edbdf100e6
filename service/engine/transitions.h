// SPDX-License-Identifier: Apache-2.0
// The one table by which a group changes its role on this node. The log line, the `why` text and the diagram in docs/
// come from its rows.
#pragma once

#include "base/time.h"
#include "model/names.h"

#include <cstdint>
#include <span>

namespace dyad::engine {

enum class Trigger : std::uint8_t {
    Adopted,
    RunsWithoutLease,
    PeerSilent,
    PeerUseless,
    PeerReleased,
    NobodyOwns,
    PeerBack,
    Defended,
    ClaimRefused,
    ReservationWon,
    AllRunning,
    ResourceFailed,
    SwitchoverOrdered,
    PublicNetworkLost,
    ShutdownOrdered,
    LadderExhausted,
    EverythingStopped,
    StoppedAfterFailure,
    StopFailed,
    LeaseLost,
    Silenced,
    FailureCleared,
    HeldBack,
    RestartOrdered,
    FailedWhileFrozen,
    DisableOrdered,
    MaintenanceOn,
    MaintenanceOff,
};

struct Transition {
    model::Role from;
    Trigger trigger;
    model::Role to;
    const char* text; // in the operator's language
};

[[nodiscard]] std::span<const Transition> transitions();
// The row for this role and trigger, or null: such a change doesn't exist.
[[nodiscard]] const Transition* findTransition(model::Role from, Trigger trigger);
using dyad::toText; // of durations: else the next line would hide it in this namespace
[[nodiscard]] const char* toText(Trigger trigger);

} // namespace dyad::engine
