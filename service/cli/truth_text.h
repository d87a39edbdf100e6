// SPDX-License-Identifier: Apache-2.0
// Both nodes' truths side by side, and where they contradict what is claimed.
#pragma once

#include "cli/paint.h"
#include "model/truth.h"

#include <QJsonObject>

#include <string>
#include <vector>

namespace dyad::cli {

struct PairTruth {
    std::vector<model::NodeTruth> nodes;              // those that answered
    std::vector<std::string> silent;                  // "beta: connection refused"
    std::vector<model::Contradiction> contradictions; // of each and of both together; each once
};

// All contradictions of these truths; what both nodes say alike is said once.
[[nodiscard]] std::vector<model::Contradiction> contradictionsIn(const std::vector<model::NodeTruth>& nodes);
// Only what `earlier` has, too: what was under way is no contradiction.
[[nodiscard]] std::vector<model::Contradiction> thoseThatStay(std::vector<model::Contradiction> now,
                                                              const std::vector<model::Contradiction>& earlier);

[[nodiscard]] std::string truthText(const PairTruth& truth, const Paint& paint);
[[nodiscard]] QJsonObject truthJson(const PairTruth& truth);

} // namespace dyad::cli
