// SPDX-License-Identifier: Apache-2.0
// Whether somebody listens where the array should: a TCP connection and no more. Nothing is said to the target.
#pragma once

#include "base/time.h"

#include <string>
#include <vector>

namespace dyad::config {

// For each portal ("10.77.2.9:3260"): empty where it answers, else why not. Blocks for `patience` at most, for all
// together.
[[nodiscard]] std::vector<std::string> tryPortals(const std::vector<std::string>& portals, Duration patience);

} // namespace dyad::config
