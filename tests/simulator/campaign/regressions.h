// SPDX-License-Identifier: Apache-2.0
// Plans in files: whatever once broke a rule is kept and must be clean for good.
#pragma once

#include "campaign/lives.h"
#include "campaign/outcome.h"

#include <string>

namespace dyad::simulator {

inline constexpr std::size_t maxPlanBytes = 1024 * 1024;

// "-" is standard input. The Error names the file, and what planFromText says.
[[nodiscard]] Result<Plan> readPlan(const std::string& file);

// Plays every *.txt of the folder in a child of its own and says how each ended. A file that doesn't begin with "# "
// and one sentence on its bug, or that holds no plan, is an Error; so is a folder without any.
[[nodiscard]] Result<Ending> playRegressions(const std::string& folder, const Lives& lives, Duration wallDeadline);

} // namespace dyad::simulator
