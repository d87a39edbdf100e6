// SPDX-License-Identifier: Apache-2.0
// Which filesystem lies on a disk, by the magic numbers in its first bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace dyad::storage {

inline constexpr std::size_t superblockBytes = 128 * 1024; // btrfs has its magic at 64 KiB, the others sooner

struct FoundFilesystem {
    std::string type; // "ext4", "xfs", ...; empty: none that is known
    std::string label;
    bool needsRecovery = false; // ext4: the journal has to be replayed (it was not unmounted)
    bool hasErrors = false;     // ext4: the kernel has noted errors; fsck is due
    bool empty = false;         // nothing but zeros was seen
};

// Reads what is there of `bytes`; never past them.
[[nodiscard]] FoundFilesystem findFilesystem(std::span<const std::uint8_t> bytes);

} // namespace dyad::storage
