// SPDX-License-Identifier: Apache-2.0
// What the control server counts of itself, for /metrics.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dyad::control {

struct Counters {
    std::uint64_t requests = 0;
    std::uint64_t refusedTokens = 0; // 401 and 403
    std::uint64_t limited = 0;       // 429: too many wrong tokens from one address
    std::uint64_t badRequests = 0;   // not HTTP, too long, too slow
    std::uint64_t turnedAway = 0;    // connections closed because a bound was reached
    std::uint64_t droppedSlowReaders = 0;
    std::size_t connections = 0;  // now
    std::size_t eventStreams = 0; // now
};

} // namespace dyad::control
