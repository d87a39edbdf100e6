// SPDX-License-Identifier: Apache-2.0
// What the heartbeats, the memory and the service of a host have to say to clients that nobody wants.
#pragma once

#include "base/result.h"
#include "bench/statistics.h"

#include <string>
#include <vector>

namespace dyad::bench {

struct AbusePlan {
    unsigned seconds = 20; // of each measurement: idle before, each abuse alone, all at once, idle after
};

struct AbuseFindings {
    std::vector<Figure> figures;
    std::vector<Goal> goals;
};

// Brings a pair up on the lab (profile fast) and takes it down. Blocks for about ten times `seconds`.
[[nodiscard]] Result<AbuseFindings> measureAbuse(const AbusePlan& plan);

} // namespace dyad::bench
