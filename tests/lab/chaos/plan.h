// SPDX-License-Identifier: Apache-2.0
// A campaign's plan: a pure function of seed, minutes and the kinds allowed; and its text form, so that a plan that
// found something is kept as a file.
//
//   # One sentence on what went wrong.
//   episode
//     at_ms=0 fault=power_off host=owner lasts_ms=4200
//     at_ms=900 fault=loss host=- lasts_ms=2000 link=private amount=30
#pragma once

#include "base/result.h"
#include "lab/chaos/fault.h"

#include <cstdint>

namespace dyad::lab {

struct Plan {
    std::vector<Episode> episodes;
    bool operator==(const Plan&) const = default;
};

inline constexpr unsigned maxMinutes = 24 * 60;
inline constexpr std::size_t maxEpisodes = 100'000;
inline constexpr std::size_t maxFaultsPerEpisode = 16;

// The same on every machine and compiler. An empty list of kinds allows all.
[[nodiscard]] Plan drawPlan(std::uint64_t seed, unsigned minutes, const std::vector<FaultKind>& kinds);

[[nodiscard]] std::string toText(const PlannedFault& fault);
[[nodiscard]] std::string toText(const Plan& plan);
// The error names the line, the word and what is expected there. `name` is the file's, for the error.
[[nodiscard]] Result<Plan> parsePlan(const std::string& text, const std::string& name);

} // namespace dyad::lab
