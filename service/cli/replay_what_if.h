// SPDX-License-Identifier: Apache-2.0
// `dyad replay --what-if`, told.
#pragma once

#include "cli/replay_range.h"
#include "recorder/flight/recording.h"

namespace dyad::cli {

[[nodiscard]] int replayWhatIf(const ReplayWanted& arguments, const recorder::Recording& recording, std::size_t firstRun);

} // namespace dyad::cli
