// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/prediction.h"

#include <algorithm>
#include <map>

namespace dyad::recorder {

namespace {

using model::IncidentKind;

int placeOf(const std::string& step) {
    if (step == "detect") return 0;
    if (step == "challenge") return 1;
    if (step.starts_with("stop ")) return 2;
    if (step == "release") return 3;
    if (step == "claim") return 4;
    if (step.starts_with("start ")) return 5;
    return -1; // told for people, not a step on the way
}

std::vector<model::PredictedStep> predict(std::span<const model::StepDuration> known, const std::string& group,
                                          bool (*counts)(IncidentKind), std::size_t last) {
    struct Samples {
        std::vector<model::StepDuration> all;
        std::size_t firstSeen = 0;
    };
    std::map<std::string, Samples> byStep;
    for (std::size_t i = 0; i < known.size(); ++i) {
        const model::StepDuration& each = known[i];
        if (each.group != group || !counts(each.kind) || placeOf(each.step) < 0) continue;
        Samples& samples = byStep[each.step];
        if (samples.all.empty()) samples.firstSeen = i;
        samples.all.push_back(each);
    }
    std::vector<std::pair<std::size_t, model::PredictedStep>> found;
    for (auto& [step, samples] : byStep) {
        auto& all = samples.all;
        std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.wallMs > b.wallMs; });
        if (all.size() > last) all.resize(last);
        if (all.empty()) continue;
        std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.took < b.took; });
        found.push_back({samples.firstSeen, {step, all[all.size() / 2].took, all.size()}});
    }
    // What starts first was written down first.
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
        const int placeA = placeOf(a.second.what), placeB = placeOf(b.second.what);
        return placeA != placeB ? placeA < placeB : a.first < b.first;
    });
    std::vector<model::PredictedStep> steps;
    for (auto& each : found)
        steps.push_back(std::move(each.second));
    return steps;
}

} // namespace

std::vector<model::PredictedStep> predictMove(std::span<const model::StepDuration> known, const std::string& group,
                                              std::size_t last) {
    return predict(
        known, group,
        [](IncidentKind kind) {
            return kind == IncidentKind::Switchover || kind == IncidentKind::Switchback ||
                   kind == IncidentKind::Drill || kind == IncidentKind::Move;
        },
        last);
}

std::vector<model::PredictedStep> predictTakeover(std::span<const model::StepDuration> known, const std::string& group,
                                                  std::size_t last) {
    return predict(
        known, group, [](IncidentKind kind) { return kind == IncidentKind::Takeover; }, last);
}

Duration totalOf(std::span<const model::PredictedStep> steps) {
    Duration total{0};
    for (const model::PredictedStep& step : steps)
        total += step.takes;
    return total;
}

} // namespace dyad::recorder
