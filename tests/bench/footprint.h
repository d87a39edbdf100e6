// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/takeover.h"

namespace dyad::bench {

// Processor time (of all threads) and resident memory of the Dyad processes of both hosts of a pair that nobody uses.
// Blocks for `seconds`.
[[nodiscard]] Result<void> measureFootprint(unsigned seconds, PairFigures& figures);

} // namespace dyad::bench
