// SPDX-License-Identifier: Apache-2.0
#include "bench/recorder.h"

#include "engine/engine.h"
#include "recorder/flight/flight_recorder.h"

#include <QTemporaryDir>

#include <algorithm>
#include <chrono>

namespace dyad::bench {

namespace {

constexpr unsigned stepsOfARun = 100'000;
constexpr double microsecondsAllowed = 2;

model::Configuration oneGroup() {
    model::Configuration configuration;
    configuration.clusterName = "bench";
    configuration.clusterId = 1;
    configuration.digest = 1;
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    configuration.links = {{.name = "private", .ends = {}}, {.name = "public", .ends = {}}};
    configuration.luns.push_back({.name = "array"});
    model::GroupSetup group;
    group.name = "erp";
    group.luns = {model::LunId(0)};
    group.resources.resize(3);
    configuration.groups.push_back(group);
    return configuration;
}

// What comes most often: a look at the keys, its answer, a heart that has news, and time.
struct Life {
    explicit Life(const model::Configuration& configuration) {
        answer.outcome = model::ReservationOutcome::Good;
        answer.snapshot.registrants = {{0x5d2a1000a3000102}};
        answer.snapshot.holder = answer.snapshot.registrants.front();
        heart.links.resize(configuration.links.size());
        for (model::LinkReport& link : heart.links)
            link.liveness = model::Liveness::Alive;
        heart.peer.everHeard = true;
        heart.peer.status.serviceAlive = true;
        heart.peer.status.groups.resize(configuration.groups.size());
        events = {engine::TimePassed{}, answer, heart, engine::TimePassed{}, answer};
    }
    model::ReservationAnswer answer;
    engine::HeartChanged heart;
    std::vector<engine::Event> events;
};

Result<Duration> measure(bool recorded, const std::filesystem::path& file) {
    const model::Configuration configuration = oneGroup();
    engine::Engine engine(configuration, model::NodeId::First);
    std::optional<recorder::FlightRecorder> flight;
    if (recorded) {
        auto opened = recorder::FlightRecorder::open(
            file, {"bench", model::NodeId::First, model::BootDigest(1), {}, 0, configuration});
        if (!opened) return opened.error();
        flight.emplace(std::move(opened.value()));
    }
    const Life life(configuration);
    const auto begin = std::chrono::steady_clock::now();
    Instant now = Instant::fromNanoseconds(1'000'000'000);
    engine::Event event = engine::Started{model::BootDigest(1), {}};
    for (unsigned i = 0; i < stepsOfARun; ++i) {
        if (flight) flight->event(now, event);
        const std::vector<engine::Action> actions = engine.step(now, event);
        if (flight) flight->actions(actions, engine);
        now = now + 50ms;
        event = life.events[i % life.events.size()];
    }
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begin);
}

double microseconds(Duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

} // namespace

Result<RecorderFindings> measureRecorder(unsigned runs) {
    const QTemporaryDir folder;
    const std::filesystem::path file = folder.filePath("flight.ring").toStdString();
    Figure plain("one step, not recorded", "µs");
    Figure recorded("one step, recorded", "µs");
    Figure cost("what recording adds to a step", "µs");
    for (unsigned i = 0; i < runs; ++i) {
        const Result<Duration> without = measure(false, file);
        const Result<Duration> with = measure(true, file);
        if (!without) return without.error();
        if (!with) return with.error();
        plain.add(microseconds(without.value()) / stepsOfARun);
        recorded.add(microseconds(with.value()) / stepsOfARun);
        cost.add(microseconds(with.value() - without.value()) / stepsOfARun);
    }
    RecorderFindings findings;
    findings.goals = {{"flight recorder, per event", cost.median(), microsecondsAllowed, "µs"}};
    findings.figures = {plain, recorded, cost};
    return findings;
}

} // namespace dyad::bench
