// SPDX-License-Identifier: Apache-2.0
// What an episode and a whole campaign came to; printed for people, or as one JSON line each for programs.
#pragma once

#include "lab/chaos/bound.h"
#include "lab/chaos/injector.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dyad::lab {

struct EpisodeReport {
    std::size_t number = 0; // from 1
    std::string plan;       // the file it stands in, if it does
    Duration began{0};      // since the campaign began
    std::vector<ActiveFault> faults;
    Instant zero; // of the episode
    Bounds bounds;
    Duration gap{0};
    Duration back{0};
    Duration doubleAddress{0};
    std::size_t claims = 0;          // reservations won, of any group
    std::size_t cleared = 0;         // failures of a group that the administrator cleared
    std::vector<std::string> resets; // hosts that reset themselves, once for each time
    std::vector<std::string> notes;  // self-fenced hosts, cleared failures, answers to orders
    std::vector<std::string> problems;

    [[nodiscard]] bool ok() const { return problems.empty(); }
    void expect(bool condition, const std::string& otherwise) {
        if (!condition) problems.push_back(otherwise);
    }
};

struct CampaignReport {
    std::uint64_t seed = 0;
    unsigned minutes = 0;
    Duration lasted{0};
    std::size_t episodes = 0;
    std::size_t faults = 0;
    std::size_t takeovers = 0;
    std::size_t switchovers = 0;
    std::size_t selfFences = 0;
    std::size_t clearedFailures = 0;
    std::uint64_t rowsAcknowledged = 0;
    std::uint64_t rowsFound = 0;
    std::uint64_t rowsTwice = 0;
    std::uint64_t recordsAcknowledged = 0;
    std::uint64_t recordsFound = 0;
    std::uint64_t writeProbesRefused = 0;
    Duration longestGap{0};
    Duration longestGapBound{0}; // of its episode
    std::size_t longestGapEpisode = 0;
    std::string evidence; // folder; empty when there was nothing to keep
    std::vector<std::string> problems;
    [[nodiscard]] bool ok() const { return problems.empty(); }
};

void printEpisode(const EpisodeReport& report, bool json); // one line per fault
void printSummary(const CampaignReport& report, bool json);

} // namespace dyad::lab
