// SPDX-License-Identifier: Apache-2.0
// Asks both nodes what they see.
#pragma once

#include "cli/both_nodes.h"
#include "cli/truth_text.h"

namespace dyad::cli {

// Looks once, and where something contradicts, a second time a little later: only what stays is told. Runs the event
// loop for up to some seconds.
[[nodiscard]] PairTruth fetchTruth(BothNodes& nodes);

} // namespace dyad::cli
