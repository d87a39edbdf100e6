// SPDX-License-Identifier: Apache-2.0
// Within what time the service must be back. Computed from what really happened in an episode (which hosts, when it
// began, when it healed), from the profile's time-outs (docs/TIMEOUTS.md) and from guards for what no time-out bounds:
// how long a host boots here, a database recovers, a busy machine takes. It is a guard against a pair that stays down,
// no figure of merit: what was seen is printed beside it.
#pragma once

#include "engine/timeouts.h"
#include "lab/chaos/fault.h"

namespace dyad::lab {

// A fault as it came to pass, since the beginning of the episode.
struct FaultSpan {
    FaultKind kind = FaultKind::PowerOff;
    std::string host; // by name; empty where no single host is meant
    std::string link;
    Duration begins{0};
    Duration heals{0}; // the same as `begins` for what has no end
};

// What nobody planned, and what takes its time.
struct Troubles {
    std::size_t resets = 0;          // hosts that reset themselves
    std::size_t clearedFailures = 0; // a group had failed on both hosts, and a person had to come
};

struct Bounds {
    Duration back{0}; // from the last heal to a row acknowledged
    Duration gap{0};  // the client's longest gap in the episode
};

// The picture: faults begin and heal; between two such turns nothing changes. At each of them a way back to service may
// begin anew: detection + stop + claim + start. It succeeds before the next turn if there is a host that is able all
// the time and the way is not longer than that. So the longest gap goes from a turn, over all those whose way was cut
// short, to the end of the first way that isn't.
[[nodiscard]] Bounds boundsOf(const std::vector<FaultSpan>& faults, const Troubles& troubles,
                              const engine::Timeouts& timeouts);
// What may move nothing interrupts nothing for longer than a database's own breath.
[[nodiscard]] Bounds boundsOfNothing();
// Whether the group may be claimed by anybody because of the episode at all. Not because of links that only keep the
// hosts from hearing each other (L2), nor for what concerns the standby of the group "erp" alone; the other group may
// have that host for its owner.
[[nodiscard]] bool mayDisturb(const Episode& episode, const std::string& group);
// For how long both hosts may have the floating address: a loser that is told by nobody keeps it until its lease term
// is over (docs/TIMEOUTS.md), one whose service is dead until that has been started again. A frozen host can't act;
// the watch doesn't count that time.
[[nodiscard]] Duration longestDoubleAddress(const Episode& episode, const engine::Timeouts& timeouts);

} // namespace dyad::lab
