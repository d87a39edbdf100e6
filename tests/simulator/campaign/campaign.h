// SPDX-License-Identifier: Apache-2.0
// Many seeds over several processes. A process that dies or hangs costs one seed, which is known; another one takes
// over the rest of its chunk.
#pragma once

#include "campaign/lives.h"
#include "campaign/outcome.h"

#include <cstdio>
#include <functional>
#include <optional>
#include <vector>

namespace dyad::simulator {

struct CampaignSetup {
    std::uint64_t first = 1;
    std::optional<std::uint64_t> seeds;
    std::optional<std::uint64_t> seconds;
    unsigned jobs = 1;
    Duration wallDeadline = 60s;   // of one life
    std::size_t maxFailures = 200; // then it ends: there is enough to look at
    std::FILE* progress = nullptr; // where to say how far it is; null: nowhere
    // Called for each failure as soon as it is known.
    std::function<void(const Failure&)> onFailure;
};

struct CampaignResult {
    Tally tally;
    std::vector<Failure> failures; // by seed
    double seconds = 0;            // of wall time
    unsigned jobs = 1;
    bool gaveUp = false; // after so many failures

    [[nodiscard]] Ending worst() const;
};

// Blocks until it is over. An Error: processes or memory could not be had.
[[nodiscard]] Result<CampaignResult> runCampaign(const Lives& lives, const CampaignSetup& setup);

} // namespace dyad::simulator
