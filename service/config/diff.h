// SPDX-License-Identifier: Apache-2.0
// What differs between two configuration files: by meaning (key by key, blocks told apart by their names, so that the
// order of keys, comments and spelling don't count) and by line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dyad::config {

struct Difference {
    std::string key;    // group.erp.resource.data.mount
    std::string before; // as TOML writes the value; empty: not there
    std::string after;
};

// In the order of the keys. A text that is no TOML counts as empty.
[[nodiscard]] std::vector<Difference> differences(std::string_view before, std::string_view after);
// key: before → after
[[nodiscard]] std::string toText(const Difference& difference);

inline constexpr std::size_t maxDiffLines = 4000; // of what is left between the first and the last difference

// In the unified form that `diff -u` writes, with three lines of context; empty where the texts are equal. More lines
// than maxDiffLines are shown as replaced as a whole.
[[nodiscard]] std::string unifiedDiff(std::string_view before, std::string_view after, std::string_view beforeName,
                                      std::string_view afterName);

} // namespace dyad::config
