// SPDX-License-Identifier: Apache-2.0
// Which files of a set go to the standby, and which must not. Pure.
//
// Three pictures of each path decide: what the active node has, what the standby has, and what the standby had when the
// two last agreed (its base). A path that the standby has changed since then is a conflict: it is shown, never
// overwritten, until a person says which side is right.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::config {

inline constexpr std::size_t maxSyncEntries = 2000; // files, folders and links of one set
inline constexpr std::uint64_t maxSyncFileBytes = 1024 * 1024;
inline constexpr std::uint64_t maxSyncSetBytes = 8 * 1024 * 1024;

enum class SyncKind : std::uint8_t { File, Folder, Link };

struct SyncEntry {
    SyncKind kind = SyncKind::File;
    std::uint32_t mode = 0; // permission bits
    std::uint32_t user = 0;
    std::uint32_t group = 0;
    std::uint64_t size = 0;   // of a file
    std::uint64_t digest = 0; // of a file's bytes or a link's target; 0 for a folder

    bool operator==(const SyncEntry&) const = default;
};
using SyncManifest = std::map<std::string, SyncEntry>; // by absolute path

struct SyncConflict {
    std::string path;
    std::string why;

    bool operator==(const SyncConflict&) const = default;
};

struct SyncPlan {
    std::vector<std::string> write; // in order: a folder before what is in it
    std::vector<std::string> remove; // in order: what is in a folder before it
    std::vector<SyncConflict> conflicts;
    std::vector<std::string> agreed; // equal on both already

    [[nodiscard]] bool nothingToDo() const { return write.empty() && remove.empty(); }
};

// `force`: the active node is right, whatever the standby has.
[[nodiscard]] SyncPlan planSync(const SyncManifest& active, const SyncManifest& standby, const SyncManifest& base,
                                bool force);
// The base after `plan` was carried out.
[[nodiscard]] SyncManifest newBase(SyncManifest base, const SyncManifest& active, const SyncPlan& plan);

// One line per entry: kind mode user group size digest path. Error: the line that can't be read.
[[nodiscard]] std::string toText(const SyncManifest& manifest);
[[nodiscard]] Result<SyncManifest> parseManifest(std::string_view text);
// Absolute, plain, without control characters, and one of `roots` or below one.
[[nodiscard]] bool belongsTo(std::string_view path, const std::vector<std::string>& roots);

} // namespace dyad::config
