// SPDX-License-Identifier: Apache-2.0
#include "cli/pair_history.h"

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "control/protocol/history_json.h"
#include "control/protocol/json.h"

namespace dyad::cli {

namespace {

constexpr int clockReadings = 3;                      // the one with the shortest round trip counts
constexpr Duration aroundIncident = 5s;               // also for clocks that agree badly
constexpr std::int64_t afterwardsMs = 10 * 60 * 1000; // whether the peer came back after a reboot

recorder::ClockReading clockFrom(const NodeAnswer& answer, const model::ClusterView& view) {
    recorder::ClockReading clock;
    for (const model::NodeView& node : view.nodes)
        if (node.self) clock.boot = node.bootDigest;
    clock.at = view.at;
    clock.wallMs = view.wallClockMs;
    clock.uncertainty = (answer.received - answer.sent) / 2;
    clock.read = answer.sent + clock.uncertainty;
    return clock;
}

std::int64_t toWallMs(const recorder::ClockReading& clock, Instant common) {
    return clock.wallMs + std::chrono::duration_cast<std::chrono::milliseconds>(common - clock.read).count();
}

} // namespace

std::vector<recorder::NodeTale> fetchTales(BothNodes& nodes) {
    std::vector<recorder::NodeTale> tales(nodes.count());
    for (int reading = 0; reading < clockReadings; ++reading) {
        const std::vector<NodeAnswer> states = nodes.ask(
            [&](std::size_t i) { return reading > 0 && !tales[i].answered ? QString() : QStringLiteral("/v1/state"); });
        for (std::size_t i = 0; i < states.size(); ++i) {
            if (tales[i].node.empty()) tales[i].node = states[i].node;
            if (!states[i].answered) {
                if (reading == 0) tales[i].trouble = states[i].trouble;
                continue;
            }
            const Result<model::ClusterView> view = control::viewFromJson(states[i].object);
            if (!view) {
                tales[i].trouble = view.error().text();
                continue;
            }
            const recorder::ClockReading clock = clockFrom(states[i], view.value());
            if (!tales[i].answered || clock.uncertainty < tales[i].clock.uncertainty) tales[i].clock = clock;
            tales[i].answered = true;
            tales[i].node = view.value().node;
        }
    }
    const std::vector<NodeAnswer> answers = nodes.ask(
        [&](std::size_t i) { return tales[i].answered ? QStringLiteral("/v1/incidents?limit=200") : QString(); });
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!tales[i].answered) continue;
        tales[i].answered = answers[i].answered;
        tales[i].trouble = answers[i].trouble;
        if (!answers[i].answered) continue;
        Result<std::vector<model::Incident>> incidents = control::incidentsFromJson(answers[i].object);
        if (incidents)
            tales[i].incidents = std::move(incidents).value();
        else
            tales[i].answered = false, tales[i].trouble = incidents.error().text();
    }
    return tales;
}

void fetchEntries(BothNodes& nodes, const recorder::MergedIncident& incident, std::vector<recorder::NodeTale>& tales) {
    const std::vector<NodeAnswer> answers = nodes.ask([&](std::size_t i) {
        if (!tales[i].answered) return QString();
        return QStringLiteral("/v1/entries?from_wall_ms=%1&to_wall_ms=%2")
            .arg(std::max<std::int64_t>(0, toWallMs(tales[i].clock, incident.began - aroundIncident)))
            .arg(toWallMs(tales[i].clock, incident.ended + aroundIncident) + afterwardsMs);
    });
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!tales[i].answered) continue;
        auto entries = answers[i].answered
                           ? control::entriesFromJson(answers[i].object)
                           : Result<std::vector<model::RememberedEntry>>(Error{answers[i].trouble, "", "", ""});
        if (entries) {
            tales[i].entries = std::move(entries).value();
        } else {
            tales[i].answered = false;
            tales[i].trouble = entries.error().text();
        }
    }
}

int reportSilence(const std::vector<recorder::NodeTale>& tales, bool json) {
    std::string all;
    for (const recorder::NodeTale& tale : tales)
        all += (all.empty() ? "" : "; ") + (tale.node.empty() ? "" : tale.node + ": ") + tale.trouble;
    return report(control::Failure{control::Failure::Kind::Unreachable,
                                   {"ask the services", "", all, "is dyadd running? systemctl status dyadd"}},
                  json);
}

} // namespace dyad::cli
