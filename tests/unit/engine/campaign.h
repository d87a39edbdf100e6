// SPDX-License-Identifier: Apache-2.0
// One life of a pair under random faults, all of it drawn from one seed. First a time of faults, in which only the
// rules of safety count; then everything is repaired, and within a bound every group must run on exactly one node.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dyad::campaign {

struct Outcome {
    std::uint64_t seed = 0;
    std::string broken;             // empty: all is well
    std::vector<std::string> trace; // what was done and what the nodes told
};

[[nodiscard]] Outcome live(std::uint64_t seed);

} // namespace dyad::campaign
