// SPDX-License-Identifier: Apache-2.0
#include "campaign/report.h"

#include "campaign/progress.h"

#include <cinttypes>

namespace dyad::simulator {

namespace {

template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
    char text[512];
    std::snprintf(text, sizeof text, format, arguments...);
    return text;
}

std::string jsonQuoted(std::string_view text) {
    std::string out = "\"";
    for (const char each : text) {
        const auto code = static_cast<unsigned char>(each);
        if (each == '"' || each == '\\')
            out += std::string("\\") + each;
        else if (code < 0x20)
            out += formatted("\\u%04x", static_cast<unsigned>(code));
        else
            out += each;
    }
    return out + "\"";
}

} // namespace

std::string inWords(const Failure& failure) {
    return "seed " + std::to_string(failure.seed) + "\n" + toText(failure.ending) + ": " + failure.checker + ": " +
           failure.what + "\n";
}

std::string asRegression(const Plan& plan, const std::string& sentence) {
    std::string text = "# " + sentence + "\n#\n";
    for (const Fault& fault : plan.faults)
        text += formatted("# %10.3f s  ", milliseconds(fault.at) / 1000) + inWords(fault) + "\n";
    std::string lines = toText(plan);
    if (lines.empty() || lines.back() != '\n') lines += '\n';
    return text + lines;
}

std::string inWords(const Shrunk& shrunk, std::size_t faultsBefore, const std::string& file) {
    if (!shrunk.reproduced)
        return "played again in a process of its own it ended otherwise: this is not a matter of the plan alone\n";
    return "shrunk from " + std::to_string(faultsBefore) + " faults to " + std::to_string(shrunk.plan.faults.size()) +
           " in " + std::to_string(shrunk.trials) + " lives; then: " + shrunk.failure.what + "\n" +
           (file.empty()
                ? "----\n" + asRegression(shrunk.plan, "(one sentence on the bug)") +
                      "----\nits story: put the lines between the dashes into FILE, then dyad-sim --plan FILE --trace\n"
                : "its story: dyad-sim --plan " + file + " --trace\n") +
           "the story of the whole: dyad-sim --seed " + std::to_string(shrunk.plan.seed) + " --trace\n";
}

std::string inWords(const CampaignResult& result) {
    const Counts& counts = result.tally.counts;
    const auto lives = static_cast<double>(result.tally.lives);
    std::string text =
        formatted("%" PRIu64 " lives in %.1f s (%.0f a second and process, %u processes): %.4f virtual years\n"
                  "%" PRIu64 " faults, %" PRIu64 " takeovers, %" PRIu64 " switchovers, %" PRIu64
                  " self-fences, %" PRIu64 " orders\n"
                  "%" PRIu64 " heartbeats, %" PRIu64 " commands to the array, %" PRIu64 " acknowledged writes, %" PRIu64
                  " steps of engines\n",
                  result.tally.lives, result.seconds, lives / result.seconds / result.jobs, result.jobs,
                  years(counts.virtualTime), counts.faults, counts.takeovers, counts.switchovers, counts.selfFences,
                  counts.orders, counts.heartbeats, counts.arrayCommands, counts.acknowledgedWrites, counts.steps);
    text += formatted("digest %016" PRIx64 "\n", result.tally.digest);
    if (result.gaveUp) text += "given up: there are failures enough to look at\n";
    text += result.failures.empty() ? "clean\n" : std::to_string(result.failures.size()) + " failed\n";
    return text;
}

std::string toJson(const CampaignResult& result) {
    const Counts& counts = result.tally.counts;
    std::string text =
        formatted("{\"seeds\": %" PRIu64 ", \"seconds\": %.3f, \"jobs\": %u, "
                  "\"schedules_per_second_per_core\": %.1f, \"virtual_years\": %.6f, ",
                  result.tally.lives, result.seconds, result.jobs,
                  static_cast<double>(result.tally.lives) / result.seconds / result.jobs, years(counts.virtualTime));
    text += formatted("\"faults_total\": %" PRIu64 ", \"faults\": {", counts.faults);
    for (unsigned kind = 0; kind < faultKinds; ++kind)
        text += (kind ? ", " : "") + jsonQuoted(toText(static_cast<FaultKind>(kind))) + ": " +
                std::to_string(counts.faultsByKind[kind]);
    text += formatted("}, \"takeovers\": %" PRIu64 ", \"switchovers\": %" PRIu64 ", \"self_fences\": %" PRIu64
                      ", \"orders\": %" PRIu64 ", \"heartbeats\": %" PRIu64 ", \"array_commands\": %" PRIu64
                      ", \"acknowledged_writes\": %" PRIu64 ", \"steps\": %" PRIu64 ", \"failures\": [",
                      counts.takeovers, counts.switchovers, counts.selfFences, counts.orders, counts.heartbeats,
                      counts.arrayCommands, counts.acknowledgedWrites, counts.steps);
    for (std::size_t i = 0; i < result.failures.size(); ++i) {
        const Failure& failure = result.failures[i];
        text += std::string(i ? ", " : "") + "{\"seed\": " + std::to_string(failure.seed) +
                ", \"kind\": " + jsonQuoted(toText(failure.ending)) + ", \"checker\": " + jsonQuoted(failure.checker) +
                ", \"what\": " + jsonQuoted(failure.what) + "}";
    }
    return text + formatted("], \"digest\": \"%016" PRIx64 "\", \"ok\": %s}", result.tally.digest,
                            result.failures.empty() ? "true" : "false");
}

void StoryPrinter::line(Duration at, std::string_view text) {
    std::fprintf(m_to, "%10.3f  %.*s\n", milliseconds(at) / 1000, static_cast<int>(text.size()), text.data());
}

} // namespace dyad::simulator
