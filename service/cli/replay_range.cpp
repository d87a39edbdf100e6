// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_range.h"

#include "cli/words.h"

#include <charconv>
#include <cstdio>
#include <ctime>

namespace dyad::cli {
namespace {

constexpr double maxSeconds = 1e9;

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return {};
    return value;
}

std::optional<Duration> seconds(std::string_view text) {
    const auto value = number<double>(text);
    if (!value || !(*value >= 0) || *value > maxSeconds) return {};
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*value));
}

std::int64_t wallClockMs(const recorder::RunHeader& header, Instant at) {
    return header.wallClockMs + std::chrono::duration_cast<std::chrono::milliseconds>(at - header.at).count();
}

Duration timeOfDay(std::int64_t wallMs) {
    const std::time_t whole = static_cast<std::time_t>(wallMs / 1000);
    std::tm local{};
    ::localtime_r(&whole, &local);
    return std::chrono::hours(local.tm_hour) + std::chrono::minutes(local.tm_min) + std::chrono::seconds(local.tm_sec) +
           std::chrono::milliseconds(wallMs % 1000);
}

} // namespace

Result<std::size_t> firstRun(const std::string& word, const recorder::Recording& recording) {
    if (word.empty()) return std::size_t{0};
    if (word == "last") return recording.runs.size() - 1;
    const auto value = number<std::size_t>(word);
    if (!value || *value < 1 || *value > recording.runs.size())
        return Error{"find the run", "\"" + word + "\"", "the recording has " + std::to_string(recording.runs.size()),
                     "give --from a number from 1, or `last`"};
    return *value - 1;
}

Result<Until> Until::parse(const std::string& word) {
    Until until;
    if (word.empty()) return until;
    if (word[0] == '+') {
        until.m_sinceBegin = seconds(std::string_view(word).substr(1));
        if (until.m_sinceBegin) return until;
    } else if (word.find(':') != std::string::npos) {
        unsigned hour = 0, minute = 0;
        int used = 0;
        if (std::sscanf(word.c_str(), "%2u:%2u:%n", &hour, &minute, &used) == 2 && used > 0 && hour < 24 && minute < 60)
            if (const auto rest = seconds(std::string_view(word).substr(static_cast<std::size_t>(used))))
                until.m_timeOfDay = std::chrono::hours(hour) + std::chrono::minutes(minute) + *rest;
        if (until.m_timeOfDay) return until;
    } else if ((until.m_step = number<std::uint64_t>(word))) {
        return until;
    }
    return Error{"understand --until", "\"" + word + "\"", "neither a step nor a time",
                 "write 1234 (a step), +12.5 (seconds since the run began) or 12:34:56.789 (time of day)"};
}

bool Until::reached(const recorder::RunHeader& header, std::uint64_t nextStep, Instant at) const {
    if (m_step) return nextStep >= *m_step;
    if (m_sinceBegin) return at - header.at >= *m_sinceBegin;
    return m_timeOfDay && timeOfDay(wallClockMs(header, at)) >= *m_timeOfDay;
}

std::string runTitle(std::size_t index, const recorder::Run& run) {
    const recorder::RunHeader& header = run.header;
    return "run " + std::to_string(index + 1) + ": " + header.configuration.nodes[model::indexOf(header.self)].name +
           " of " + header.configuration.clusterName + ", dyadd " + header.programVersion + ", began " +
           localTime(header.wallClockMs);
}

std::string timeInRun(const recorder::RunHeader& header, Instant at) {
    char since[48];
    std::snprintf(since, sizeof since, " (+%.3f s)", std::chrono::duration<double>(at - header.at).count());
    return localClock(wallClockMs(header, at)) + since;
}

} // namespace dyad::cli
