// SPDX-License-Identifier: Apache-2.0
// /proc/self/mountinfo (proc(5)), and what sysfs says of loop devices. Reading these touches no disk and never waits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dyad::storage {

inline constexpr std::size_t maxMountTableBytes = 4 * 1024 * 1024;

struct MountedFilesystem {
    std::string mountPoint;
    std::string type;
    std::string source;       // "/dev/loop3"
    std::string superOptions; // "rw,emergency_ro"
    unsigned major = 0;       // of the filesystem's device
    unsigned minor = 0;
};

[[nodiscard]] std::vector<MountedFilesystem> parseMountTable(const std::string& text);
// Of this process, or of another one ("/proc/PID/mountinfo").
inline constexpr const char* ownMountTable = "/proc/self/mountinfo";
[[nodiscard]] std::vector<MountedFilesystem> readMountTable(const std::string& file = ownMountTable);
// The topmost mount at just this path.
[[nodiscard]] std::optional<MountedFilesystem> mountedAt(const std::string& mountPoint,
                                                         const std::string& file = ownMountTable);

// Which attachment of which loop device is ours. Its number alone may be another's a millisecond later, on this host or
// on another one in the same kernel; the kernel's sequence number is never given twice.
struct LoopRecord {
    std::string device;         // "/dev/loop3"
    std::uint64_t sequence = 0; // /sys/block/loop3/diskseq; 0 where the kernel has none
    bool operator==(const LoopRecord&) const = default;
};
[[nodiscard]] LoopRecord recordOf(const std::string& loopDevice);
// Beside the exported file's folder: one line "DEVICE SEQUENCE". None: there is no record, or it is unreadable.
[[nodiscard]] std::optional<LoopRecord> readLoopRecord(const std::string& path);
[[nodiscard]] bool writeLoopRecord(const std::string& path, const LoopRecord& record);
// This attachment still exists: a filesystem, a process or a copy of the mount in another namespace uses it.
[[nodiscard]] bool loopAlive(const LoopRecord& record);

} // namespace dyad::storage
