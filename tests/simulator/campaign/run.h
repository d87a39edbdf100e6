// SPDX-License-Identifier: Apache-2.0
// The whole program, given a world to live in.
#pragma once

#include "campaign/arguments.h"
#include "campaign/lives.h"

namespace dyad::simulator {

// Blocks; says what it has to say on standard output (its progress on standard error) and returns the exit status.
[[nodiscard]] int run(const std::vector<std::string>& words, const Lives& lives, Duration wallDeadline = 60s);

} // namespace dyad::simulator
