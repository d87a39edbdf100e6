// SPDX-License-Identifier: Apache-2.0
// What the flight recorder costs per event.
#pragma once

#include "base/result.h"
#include "bench/statistics.h"

#include <vector>

namespace dyad::bench {

struct RecorderFindings {
    std::vector<Figure> figures;
    std::vector<Goal> goals;
};

// `runs` times the steps of a pair's ordinary life into a ring below the folder for temporary files. Needs no lab.
[[nodiscard]] Result<RecorderFindings> measureRecorder(unsigned runs);

} // namespace dyad::bench
