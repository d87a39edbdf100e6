// SPDX-License-Identifier: Apache-2.0
// Runs a program and waits for it, not longer than so long and for not more output than so much.
#pragma once

#include "base/time.h"
#include "platform/linux/child.h"

#include <string>

namespace dyad::platform {

struct BoundedEnd {
    ChildEnd end;
    std::string output; // what `setup.output` captures
    bool inTime = true; // false: it was killed
    bool cut = false;   // it wrote more than `mostBytes`: it was killed, `output` is the beginning
};

// Blocks; not for an event loop. What hangs or floods is killed with its whole session; what a program that ended by
// itself has left behind stays. Error: it could not be run.
[[nodiscard]] Result<BoundedEnd> runBounded(const ChildSetup& setup, Duration patience, std::size_t mostBytes);

} // namespace dyad::platform
