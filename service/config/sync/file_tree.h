// SPDX-License-Identifier: Apache-2.0
// The files of a set on this host's disk: read, and written one by one, whole or not at all. No symbolic link on the way
// is ever followed. Everything here blocks on the disk.
#pragma once

#include "config/sync/sync_plan.h"

#include <map>

namespace dyad::config {

struct ScannedTree {
    SyncManifest manifest;
    std::vector<std::string> leftOut; // what is no file, folder or link, or too large, with the reason
};

// Error: a bound of the whole set is passed.
[[nodiscard]] Result<ScannedTree> scanTree(const std::vector<std::string>& roots);
// The bytes of a file, the target of a link; empty for a folder. Error also where it isn't what `entry` says any more.
[[nodiscard]] Result<std::string> readEntry(const std::string& path, const SyncEntry& entry);
// Beside it, then in its place, with owner and mode; what is there already is replaced if it is of another kind.
[[nodiscard]] Result<void> writeEntry(const std::string& path, const SyncEntry& entry, const std::string& bytes);
// A folder goes only when it is empty; what is gone already is no error.
[[nodiscard]] Result<void> removeEntry(const std::string& path);

} // namespace dyad::config
