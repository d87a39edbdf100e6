// SPDX-License-Identifier: Apache-2.0
// What clients of a pool of four web servers lose when one of them is killed.
#pragma once

#include "base/result.h"
#include "bench/statistics.h"

#include <vector>

namespace dyad::bench {

struct PoolPlan {
    unsigned runs = 5;
    unsigned clients = 4; // each with one request after the other, a connection of its own for each
};

struct PoolFindings {
    std::vector<Figure> figures;
    std::vector<Goal> goals;
};

// Brings a pair up on the lab (profile fast) and takes it down. Blocks for some ten seconds per run.
[[nodiscard]] Result<PoolFindings> measurePool(const PoolPlan& plan);

} // namespace dyad::bench
