// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/both_nodes.h"
#include "cli/doctor_checks.h"
#include "cli/truth_text.h"

namespace dyad::cli {

// The states of both nodes beside what they were seen to be. Runs the event loop.
[[nodiscard]] std::vector<DoctorNode> fetchHealth(BothNodes& nodes, const PairTruth& truth);

} // namespace dyad::cli
