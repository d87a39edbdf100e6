// SPDX-License-Identifier: Apache-2.0
// A loop device on the exported file: direct I/O, so that nothing is cached twice, and gone by itself with its last
// user.
#pragma once

#include "base/result.h"
#include "platform/linux/file_descriptor.h"

#include <string>

namespace dyad::storage {

inline constexpr unsigned maxLoopTries = 64; // others on this kernel take free devices too

struct LoopDevice {
    std::string path;                    // "/dev/loop3"
    platform::FileDescriptor descriptor; // keeps it; the filesystem mounted on it does so, too
};

// Blocks on the file: for a child process only. Error: no loop device, or the kernel refused the file.
[[nodiscard]] Result<LoopDevice> attachLoopDevice(const std::string& file, std::uint32_t blockBytes);

} // namespace dyad::storage
