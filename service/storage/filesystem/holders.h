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
    std::string name;    // as /proc/PID/comm has it
    bool spared = false; // init, or one that this process descends from: named, but not to be killed
};

// A block device by its number.
struct DeviceNumber {
    unsigned major = 0;
    unsigned minor = 0;
    bool operator==(const DeviceNumber&) const = default;
};

// Of "/dev/loop3": 7:3.
[[nodiscard]] DeviceNumber loopNumber(const std::string& loopDevice);

// Processes with an open file, a working directory, a root, a program or a mapping at or under `mountPoint`. Reads only
// the names in /proc, never the filesystem. Never this process itself.
// The same path is another place in another mount namespace: a process counts only if its own mount table has `device`
// at `mountPoint`.
[[nodiscard]] std::vector<Holder> findHolders(const std::string& mountPoint, DeviceNumber device);
// Processes that have `device` itself open ("/dev/loop3"; a mount under way, a check of it), this one excepted.
[[nodiscard]] std::vector<Holder> findOpeners(const std::string& device);
// "postgres (412), bash (87) and 3 more"
[[nodiscard]] std::string toText(const std::vector<Holder>& holders);

} // namespace dyad::storage
