// SPDX-License-Identifier: Apache-2.0
// Who keeps a filesystem from being unmounted.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace dyad::storage {

inline constexpr std::size_t maxHolders = 4096;
inline constexpr std::size_t maxHoldersNamed = 5;

struct Holder {
    pid_t pid = 0;
    std::string name; // as /proc/PID/comm has it
};

// Processes with an open file, a working directory, a root, a program or a mapping at or under `mountPoint`. Reads only
// the names in /proc, never the filesystem. Never this process itself.
[[nodiscard]] std::vector<Holder> findHolders(const std::string& mountPoint);
// "postgres (412), bash (87) and 3 more"
[[nodiscard]] std::string toText(const std::vector<Holder>& holders);

} // namespace dyad::storage
