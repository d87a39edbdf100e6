// SPDX-License-Identifier: Apache-2.0
// The command of a file set, run where its files have changed.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string>
#include <vector>

namespace dyad::daemon {

// Blocks until it has ended, at most `patience`; then it is killed. Error: it could not be run, or ended with another
// code than 0.
[[nodiscard]] Result<void> runAfter(const std::vector<std::string>& command, Duration patience);

} // namespace dyad::daemon
