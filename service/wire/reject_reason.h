// SPDX-License-Identifier: Apache-2.0
// Why a datagram on a heartbeat port was not believed. Each is counted by itself; none ever changes a judgement.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dyad::wire {

enum class RejectReason : std::uint8_t {
    Truncated,      // shorter than its own layout says
    Oversize,       // longer than the longest heartbeat, or than its own layout says
    NotAHeartbeat,  // the magic is another one
    UnknownVersion, // a heartbeat of another layout: the two hosts run different releases
    ForeignCluster, // a heartbeat of another cluster
    Forged,         // the seal doesn't fit: another key, or bytes were changed on the way
    Malformed,      // sealed with our key, yet not what this release writes
    OwnReflection,  // our own heartbeat came back
    WrongLink,      // sent on another link than the one it arrived on
    Replay,         // seen before, too old, or of a boot that is over
};
inline constexpr std::size_t rejectReasons = 10;

// For people: "sealed with another key, or changed on the way".
[[nodiscard]] const char* toText(RejectReason reason);

} // namespace dyad::wire
