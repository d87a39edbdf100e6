// SPDX-License-Identifier: Apache-2.0
// A run is its seed: the digests of some lives are kept in a file and must come out alike whatever compiler and build
// type made the program.
#pragma once

#include "campaign/lives.h"

#include <string>

namespace dyad::simulator {

inline constexpr int exitOtherDigest = 5;

// A line of the file is a seed and its life's digest in hexadecimal; '#' begins a comment. Lives each seed twice, says
// which differ from each other or from the file; returns the exit status.
[[nodiscard]] Result<int> checkDigests(const std::string& file, const Lives& lives);
// Writes the file anew, for the seeds that are in it; of a file that isn't there yet, for the seeds 1 to 50.
[[nodiscard]] Result<void> rewriteDigests(const std::string& file, const Lives& lives);

} // namespace dyad::simulator
