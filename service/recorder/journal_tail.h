// SPDX-License-Identifier: Apache-2.0
// What an earlier run of the service left in its journal.
#pragma once

#include "model/journal.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

namespace dyad::recorder {

inline constexpr std::size_t maxTailBytes = 2 * 1024 * 1024; // of each file

struct JournalTail {
    std::vector<model::JournalEntry> entries; // oldest first, at most as many as asked for
    std::uint64_t lastSequence = 0;           // 0: there was none
};

// The last entries of `file` and, before them, of its rotated predecessor. Lines that aren't whole are skipped: a power
// failure tears the last one. Missing files are empty. Blocks on the disk.
[[nodiscard]] JournalTail readTail(const std::filesystem::path& file, std::size_t most);

// events.jsonl → events.jsonl.1
[[nodiscard]] std::filesystem::path rotatedName(const std::filesystem::path& file);

} // namespace dyad::recorder
