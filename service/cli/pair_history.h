// SPDX-License-Identifier: Apache-2.0
// What both nodes remember, fetched and put on one clock.
#pragma once

#include "cli/both_nodes.h"
#include "recorder/history/story.h"

#include <vector>

namespace dyad::cli {

// The clocks of both nodes and their newest incidents; one tale per node, also of one that doesn't answer.
[[nodiscard]] std::vector<recorder::NodeTale> fetchTales(BothNodes& nodes);
// The entries of both nodes around this incident, into `tales`.
void fetchEntries(BothNodes& nodes, const recorder::MergedIncident& incident, std::vector<recorder::NodeTale>& tales);
// Neither node answered: says so and gives the exit code.
[[nodiscard]] int reportSilence(const std::vector<recorder::NodeTale>& tales, bool json);

} // namespace dyad::cli
