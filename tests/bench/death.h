// SPDX-License-Identifier: Apache-2.0
// How soon the service knows that a database of its own is dead: from SIGKILL to the failure in the engine.
#pragma once

#include "base/result.h"
#include "bench/statistics.h"

#include <vector>

namespace dyad::bench {

struct DeathFindings {
    std::vector<Figure> figures;
    std::vector<Goal> goals;
};

// Kills the main process of each of the two databases `runs` times on a running pair and reads in the journal when that
// was noticed and when it was ready again. Brings the pair up on the lab (profile standard) and takes it down. Blocks
// for some seconds per run.
[[nodiscard]] Result<DeathFindings> measureDeath(unsigned runs);

} // namespace dyad::bench
