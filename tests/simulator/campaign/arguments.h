// SPDX-License-Identifier: Apache-2.0
// The command line of dyad-sim.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dyad::simulator {

struct Arguments {
    enum class What : std::uint8_t { Help, Campaign, OneLife, Regressions, Digests } what = What::Help;

    // A campaign.
    std::uint64_t first = 1;
    std::optional<std::uint64_t> seeds;   // none: until `seconds` are over
    std::optional<std::uint64_t> seconds; // of wall time; none: until the seeds are over
    unsigned jobs = 1;                    // worker processes
    bool json = false;
    bool stop = false; // at the first failure, which is then not shrunk
    std::string save;  // folder for shrunk plans; empty: they are only printed

    // One life: of a seed, or of a plan in a file ("-": standard input).
    std::optional<std::uint64_t> seed;
    std::string planFile;
    bool trace = false;
    bool digest = false;
    bool plan = false; // show the seed's plan instead of living it

    std::string regressions; // folder
    std::string digests;     // file
    bool rewrite = false;    // the file of digests
};

inline constexpr unsigned maxJobs = 256;

// The error says which word is wrong and what would be right.
[[nodiscard]] Result<Arguments> parseArguments(const std::vector<std::string>& words, unsigned cores);
[[nodiscard]] const char* usage();

} // namespace dyad::simulator
