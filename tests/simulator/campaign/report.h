// SPDX-License-Identifier: Apache-2.0
// What dyad-sim says, for people and as JSON.
#pragma once

#include "campaign/campaign.h"
#include "campaign/shrink.h"

#include <string>

namespace dyad::simulator {

// "seed 7", what broke, and how.
[[nodiscard]] std::string inWords(const Failure& failure);
// A plan as a file of regressions/ has it: the sentence, a line in words for every fault, the plan.
[[nodiscard]] std::string asRegression(const Plan& plan, const std::string& sentence);
// The plan as far as it could be shrunk, and how to see its story. `file`: where it was saved, or empty.
[[nodiscard]] std::string inWords(const Shrunk& shrunk, std::size_t faultsBefore, const std::string& file);
[[nodiscard]] std::string inWords(const CampaignResult& result);
// One line.
[[nodiscard]] std::string toJson(const CampaignResult& result);

// Writes the story line by line.
class StoryPrinter : public Story {
public:
    explicit StoryPrinter(std::FILE* to) : m_to(to) {}
    void line(Duration at, std::string_view text) override;

private:
    std::FILE* m_to;
};

} // namespace dyad::simulator
