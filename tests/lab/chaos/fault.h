// SPDX-License-Identifier: Apache-2.0
// The disasters that a campaign knows, as plain values.
#pragma once

#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::lab {

using dyad::toText; // of a Duration, beside those below

enum class FaultKind {
    PowerOff,     // and on again after `lasts`
    PowerOffBoth, // both hosts at once; they come back together
    Shutdown,     // in order, then off, then on again
    Freeze,       // every process of the host stands still
    LinksCut,     // every heartbeat link between the hosts; clients and array are still reached
    LinkCut,      // one of them
    OneWay,       // what `host` sends to its peer on `link` (or on "all") is lost
    Loss,         // `amount` percent on `link`, both ways ("storage": between host and array)
    Delay,        // `amount` ms on `link`, both ways, with as much jitter again
    PublicPulled, // the host's cable to clients and gateway
    StoragePulled,
    ArrayStop, // off and on again: it forgets every reservation
    ArraySlow, // it answers nothing for a while, then goes on where it was
    KillService,
    KillHeart,
    KillLun, // `amount` 0: every dyad-lun of the host; else the one with this number
    KillDatabase,
    HostDiskFull, // /var/lib of the host
    LunFull,      // the filesystem of `link` ("array" or "ledger")
    ClockJump,    // the wall clock of `host` by `amount` seconds
    Switchover,
    Switchback,
    Maintenance, // on, and off after `lasts`
    ClearFailure,
};
[[nodiscard]] const std::vector<FaultKind>& allFaultKinds();
[[nodiscard]] const char* toText(FaultKind kind); // "power_off"
[[nodiscard]] std::optional<FaultKind> faultKindOf(const std::string& word);

// Who is meant: a host by its name, or by the part it plays when the fault begins.
inline constexpr const char* ownerHost = "owner";
inline constexpr const char* standbyHost = "standby";
inline constexpr const char* allLinks = "all"; // the private and the public one

struct PlannedFault {
    Duration at{0}; // since the episode began
    FaultKind kind = FaultKind::PowerOff;
    std::string host = ownerHost;
    Duration lasts{0}; // zero for what has no end
    std::string link;  // or LUN, or group; empty where there is none
    long amount = 0;
    bool operator==(const PlannedFault&) const = default;
};

// Faults that may overlap. After the last one has healed the pair must come back whole before the next episode begins.
struct Episode {
    std::vector<PlannedFault> faults;
    std::string plan{}; // the file it stands in, without folder and ending; empty where it was drawn
    bool operator==(const Episode&) const = default;
};

} // namespace dyad::lab
