// SPDX-License-Identifier: Apache-2.0
// The board's plain values in the model's words.
#pragma once

#include "heart/board_layout.h"
#include "heart/settings.h"
#include "model/status.h"

#include <string>
#include <vector>

namespace dyad::heart {

struct Report {
    std::vector<model::LinkReport> links; // by LinkId
    model::PeerReport peer;
    Instant beatAt;
    Duration worstLateness{0};
    std::uint64_t rejectedTotal = 0;
    std::string rejectedWhy; // "replayed (link private)", the latest; empty: nothing was rejected
    std::uint64_t changes = 0;
};

[[nodiscard]] Report toReport(const BoardReport& board, const Settings& settings);

} // namespace dyad::heart
