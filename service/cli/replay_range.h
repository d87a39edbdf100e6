// SPDX-License-Identifier: Apache-2.0
// Which part of a recording `dyad replay` is asked for.
#pragma once

#include "recorder/flight/recording.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::cli {

struct ReplayWanted {
    bool json = false;
    std::string recording = "/var/lib/dyad/flight.ring";
    std::string from;                // number of a run, or "last"; empty: all runs
    std::string until;               // step, "+SECONDS", or time of day
    std::vector<std::string> whatIf; // NAME=VALUE
    bool steps = false;
    bool asScenario = false;
};

// "" the oldest, "last", or a number from 1: the index of the run.
[[nodiscard]] Result<std::size_t> firstRun(const std::string& word, const recorder::Recording& recording);

// Where each run ends: before a step, so long after the run began, or at a time of day.
class Until {
public:
    [[nodiscard]] static Result<Until> parse(const std::string& word);
    // `nextStep` at or after `at` is not to be told any more.
    [[nodiscard]] bool reached(const recorder::RunHeader& header, std::uint64_t nextStep, Instant at) const;

private:
    std::optional<std::uint64_t> m_step;
    std::optional<Duration> m_sinceBegin;
    std::optional<Duration> m_timeOfDay; // local time
};

// "run 2: beta of erp-pair, dyadd 0.1.0, began 2026-11-22 16:40:03.123"
[[nodiscard]] std::string runTitle(std::size_t index, const recorder::Run& run);

// "16:40:03.123 (+12.345 s)"
[[nodiscard]] std::string timeInRun(const recorder::RunHeader& header, Instant at);

} // namespace dyad::cli
