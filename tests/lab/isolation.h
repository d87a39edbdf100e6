// SPDX-License-Identifier: Apache-2.0
// How a process of the lab becomes pid 1 of something that a single SIGKILL ends with everything in it.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string>

namespace dyad::lab {

struct Isolation {
    bool ipc = false;
    bool hostName = false;      // a UTS namespace
    Duration monotonicAhead{0}; // not 0: a time namespace whose monotonic clocks are so far ahead of the machine's
};

// Makes a pid and a mount namespace (nothing mounted in it is seen outside), forks, and returns in the child, which is
// pid 1 there; the calling process ends. The child's pid as the machine numbers it is recorded under `record`. /proc is
// not mounted anew: that is for the caller, who may want another root. Call it before any thread is started.
[[nodiscard]] Result<void> becomeFirstProcess(const std::string& record, const Isolation& isolation);

} // namespace dyad::lab
