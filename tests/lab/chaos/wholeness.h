// SPDX-License-Identifier: Apache-2.0
// Whether the pair is whole, as both services tell it: each hears the other on every link, no maintenance, every LUN
// reached, each group active on one host and standby on the other, and only the owner registered on its LUN (S2).
#pragma once

#include <set>
#include <string>
#include <vector>

namespace dyad::lab {

struct Wholeness {
    std::vector<std::string> missing;                     // in words; empty: the pair is whole
    std::set<std::string> inMaintenance;                  // hosts
    std::set<std::pair<std::string, std::string>> failed; // host, group
    [[nodiscard]] bool whole() const { return missing.empty(); }
};

// Asks `dyad status` on both hosts. Blocks for some 100 ms, at most some seconds.
[[nodiscard]] Wholeness askBoth();

// The pure part: what one host's answer adds.
void judgeStatus(const std::string& host, const std::string& json, Wholeness& wholeness);

} // namespace dyad::lab
