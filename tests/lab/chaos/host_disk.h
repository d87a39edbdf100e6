// SPDX-License-Identifier: Apache-2.0
// Disturbances of a host's own small things: its disk below /var/lib, its wall clock.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string>

namespace dyad::lab {

// Needs UpOptions::smallDisks. Blocks for some ms.
[[nodiscard]] Result<void> fillHostDisk(const std::string& host);
[[nodiscard]] Result<void> emptyHostDisk(const std::string& host);

// What the host's programs take for the time of day, against the machine's; clock/wall_clock.cpp says what it reaches.
// makeMovableClock() once, before the host's first power-on.
[[nodiscard]] Result<void> makeMovableClock(const std::string& host);
[[nodiscard]] Result<void> setWallClockOffset(const std::string& host, Duration offset);

} // namespace dyad::lab
