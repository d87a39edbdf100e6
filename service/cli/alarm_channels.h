// SPDX-License-Identifier: Apache-2.0
// dyad alarms channels, dyad alarms test: the ways in which people are told.
#pragma once

#include "cli/service_access.h"

namespace dyad::cli {

// Both give the exit code and run the event loop.
[[nodiscard]] int showChannels(const Arguments& arguments, const Access& access);
// Sends a test notice through each channel of each node that answers. `dryRun`: only says which those are.
[[nodiscard]] int testChannels(const Arguments& arguments, const Access& access, bool dryRun);

} // namespace dyad::cli
