// SPDX-License-Identifier: Apache-2.0
// When the heartbeats of one host arrive at the other, by the kernel's own stamp on each packet: neither the heart nor
// this program's scheduling is in the figure.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string>
#include <vector>

namespace dyad::lab {

struct Jitter {
    std::size_t heartbeats = 0;
    double intervalMs = 0; // median
    double meanMs = 0;     // mean distance of the intervals from their median
    double p99Ms = 0;
    double worstMs = 0;
};
// Pure. Intervals in nanoseconds, in any order.
[[nodiscard]] Jitter jitterOf(std::vector<std::int64_t> intervals);

// Listens on the private link of `receiver` for heartbeats of the other host. Blocks for `howLong`.
[[nodiscard]] Result<Jitter> listenToHeartbeats(const std::string& receiver, Duration howLong);

} // namespace dyad::lab
