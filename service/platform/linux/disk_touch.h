// SPDX-License-Identifier: Apache-2.0
// Touches a disk once, in a child of its own: a disk that hangs must not hang us, nor keep us alive.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "platform/linux/file_descriptor.h"

#include <optional>
#include <string>

namespace dyad::platform {

inline constexpr std::size_t diskTouchBytes = 4096;
inline constexpr const char* diskTouchFile = ".dyad-probe"; // in the folder that is written to

struct DiskTouch {
    FileDescriptor pidfd;
    FileDescriptor report; // non-blocking; readable when the child has something to say or has ended
};

struct DiskTouchEnd {
    enum class Step : int { Open, Look, Write, Sync, Read, Done };
    Step step = Step::Open; // where it came to
    int number = 0;         // errno; 0 with Done
    Duration took{0};       // of reading, or of writing and syncing
};
[[nodiscard]] const char* toText(DiskTouchEnd::Step step); // "open", "write"

// Writes diskTouchBytes into `path`/.dyad-probe, past the cache where the filesystem can, and fdatasyncs; or reads as
// many from `path`. Doesn't block. Error: no child could be made.
[[nodiscard]] Result<DiskTouch> touchDisk(const std::string& path, bool write);
// None: the child ended without a word.
[[nodiscard]] std::optional<DiskTouchEnd> endOf(const DiskTouch& touch);

} // namespace dyad::platform
