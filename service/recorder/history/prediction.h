// SPDX-License-Identifier: Apache-2.0
// What a move of a group will take, from what the last ones took on this pair. Pure.
#pragma once

#include "model/history.h"
#include "model/order_preview.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace dyad::recorder {

inline constexpr std::size_t predictionSamples = 10; // the last so many of each step

// The median of each step of an ordered move (switchover, switchback, drill and move count alike), in the order in
// which they are taken: "stop db", "release", "claim", "start data". `known`: of both nodes, in any order. Steps that
// never happened are absent.
[[nodiscard]] std::vector<model::PredictedStep>
predictMove(std::span<const model::StepDuration> known, const std::string& group, std::size_t last = predictionSamples);
// Of a takeover: detect, challenge, claim, starts.
[[nodiscard]] std::vector<model::PredictedStep> predictTakeover(std::span<const model::StepDuration> known,
                                                                const std::string& group,
                                                                std::size_t last = predictionSamples);
// All of them one after the other: what is started in parallel makes the truth shorter, never longer.
[[nodiscard]] Duration totalOf(std::span<const model::PredictedStep> steps);

} // namespace dyad::recorder
