// SPDX-License-Identifier: Apache-2.0
// The part of the filesystem agent that may wait for a disk: it runs as a child process ("dyad-lun mount ...",
// "dyad-lun unmount ..."), so that a hung array hangs the child and never the service. What it has to say it writes to
// standard output, one line each: "progress TEXT", and at the end one "detail TEXT".
#pragma once

#include <string>
#include <vector>

namespace dyad::storage {

inline constexpr int mountExitGood = 0;
inline constexpr int mountExitFailed = 1; // the reason is in the detail
inline constexpr int mountExitUsage = 2;
inline constexpr int mountExitBusy = 3; // unmount: somebody holds it; the detail names them

// mount FILE RECORD BLOCKBYTES MINIMUMBYTES MOUNTPOINT TYPE OPTIONS
// unmount RECORD MOUNTPOINT orderly|force
// FILE is the exported one; RECORD is where the loop device's record (mount_table.h) is kept.
[[nodiscard]] int runMountCommand(const std::vector<std::string>& arguments);

// mount(8)'s words taken apart for mount(2): those that are flags, and the rest for the filesystem.
struct MountOptions {
    unsigned long flags = 0;
    std::string data;
};
[[nodiscard]] MountOptions parseMountOptions(const std::string& words);

} // namespace dyad::storage
