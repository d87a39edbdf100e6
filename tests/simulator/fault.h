// SPDX-License-Identifier: Apache-2.0
// One thing that happens to the pair from outside. Plain, comparable, one line of text each.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "model/names.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace dyad::simulator {

// What `target` and `amount` mean is said beside each; a fault without a duration of its own ignores `lasts`.
enum class FaultKind : std::uint8_t {
    // Links. target: the link, or allTargets. A direction is named by its sender, `node`.
    LinkCut,       // both directions
    LinkCutOneWay, // what `node` sends
    LinkLoss,      // amount: percent, what `node` sends
    LinkDelay,     // amount: milliseconds more, what `node` sends
    LinkJitter,    // amount: milliseconds at most, what `node` sends
    LinkDuplicate, // amount: percent, what `node` sends
    LinkReorder,   // amount: percent that are held back by up to three heartbeats, what `node` sends
    LinkCorrupt,   // amount: percent with a byte changed or cut short, what `node` sends
    LinkReplay,    // a datagram of `node` that was recorded earlier is sent again; amount: how many
    // The array and the ways to it. target: the LUN, or allTargets.
    PathCut,            // no command of `node` arrives and no answer comes back
    PathBreak,          // the session of `node` ends at once and is made anew
    ArrayRestart,       // the target is away for `lasts`; amount 1: keys are kept whatever its manners
    ArrayRefuses,       // PERSISTENT RESERVE OUT is answered with ILLEGAL REQUEST
    ArraySlow,          // amount: milliseconds more per command
    ArrayLosesCommands, // amount: percent of the commands that are never answered
    ArrayBusy,          // every command is answered with BUSY
    ArrayHoldsWrites,   // writes stay in flight for `lasts` and land then, unless they are aborted
    UnitAttention,      // for `node`; amount chooses which
    ForeignReservation, // a stranger reserves the LUN, if nobody has
    // Hosts.
    PowerOff,       // for `lasts`
    Freeze,         // for `lasts`
    SlowScheduling, // amount: milliseconds at most by which everything on the host is late
    WallClockJump,  // amount: seconds; must change nothing
    ServiceCrash,   // dyadd alone; it is started again after `lasts`
    HeartCrash,     // dyad-heart alone; it is started again after `lasts`
    LunCrash,       // dyad-lun of target alone
    // Resources. target: group * 16 + resource.
    ResourceStart, // amount: a ResourceManner, for the next `lasts`
    ResourceStop,
    ResourceKill,
    ResourceProbe,
    ResourceDies, // amount 1: it lives on, but its health check fails
    // The operator and the public network.
    Order,       // target: group; amount: model::OrderKind, plus orderAboutPeer where it is about the peer
    Shutdown,    // the service of `node` is stopped in order, and started again after `lasts`
    GatewayLost, // `node` reaches no gateway
};
inline constexpr unsigned faultKinds = static_cast<unsigned>(FaultKind::GatewayLost) + 1;
inline constexpr unsigned allTargets = 255;
inline constexpr unsigned orderAboutPeer = 16;

enum class ResourceManner : std::uint8_t { Well, Fails, Hangs, Slow, Lies };

struct Fault {
    Duration at{0}; // since the life began
    FaultKind kind = FaultKind::PowerOff;
    model::NodeId node = model::NodeId::First;
    unsigned target = 0;
    Duration lasts{0}; // what is still bent at the end of the safety phase heals then
    unsigned amount = 0;

    auto operator<=>(const Fault&) const = default;
};

// The word in plans and in counts: "power-off".
[[nodiscard]] const char* toText(FaultKind kind);
// "fault at_us=12000000 kind=power-off node=1 target=0 lasts_us=3000000 amount=0"
[[nodiscard]] std::string toText(const Fault& fault);
[[nodiscard]] Result<Fault> faultFromText(std::string_view line);
// For the story: "alpha loses power for 3 s".
[[nodiscard]] std::string inWords(const Fault& fault);

} // namespace dyad::simulator
