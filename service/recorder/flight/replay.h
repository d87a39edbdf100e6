// SPDX-License-Identifier: Apache-2.0
// Runs the engine over a recorded run, step by step, and compares what it wants with what it wanted then.
#pragma once

#include "engine/engine.h"
#include "recorder/flight/recording.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dyad::recorder {

// Where the replayed engine wanted something else than the recorded one.
struct Parting {
    std::uint64_t step = 0;
    Instant at;
    std::string event;                 // in words
    std::vector<std::string> recorded; // actions in words; only those from the first that differs on
    std::vector<std::string> replayed;
};

class Replay {
public:
    // `run` is one of `recording.runs`; both must outlive this.
    Replay(const Recording& recording, const Run& run);

    // The next step is taken; false: there is none. What ended it: parting(), trouble(), unfinished(), or the end.
    bool next();

    // Valid after next() was true.
    [[nodiscard]] const FlightEvent& event() const { return m_event; }
    [[nodiscard]] const std::vector<engine::Action>& recorded() const { return m_actions.actions; }
    [[nodiscard]] const engine::Engine& engine() const { return *m_engine; }
    // Before the step of event().
    [[nodiscard]] const engine::State& stateBefore() const { return m_before; }
    [[nodiscard]] Instant lastNowBefore() const { return m_lastBefore; }
    // stateBefore() costs a copy a step: only where it is asked for.
    bool keepsStateBefore = false;

    [[nodiscard]] std::uint64_t stepsTaken() const { return m_taken; }
    [[nodiscard]] std::uint64_t snapshotsCompared() const { return m_snapshots; }
    [[nodiscard]] const std::optional<Parting>& parting() const { return m_parting; }
    // Something in the file that can't be used: the replay ends before it.
    [[nodiscard]] const std::string& trouble() const { return m_trouble; }
    // The last event, whose actions were never recorded: the service ended within this step. It isn't taken.
    [[nodiscard]] const std::optional<FlightEvent>& unfinished() const { return m_unfinished; }

private:
    bool begin();
    bool stop(std::string trouble);
    bool takeSnapshot(const RecordPlace& place);
    bool take(FlightEvent event, FlightActions actions);
    void compare(const std::vector<engine::Action>& replayed);

    const Recording& m_recording;
    const Run& m_run;
    std::size_t m_at;
    std::optional<engine::Engine> m_engine;
    engine::State m_before;
    Instant m_lastBefore;
    Instant m_lastNow;
    FlightEvent m_event;
    FlightActions m_actions;
    std::uint64_t m_step = 0;
    std::uint64_t m_taken = 0;
    std::uint64_t m_snapshots = 0;
    std::optional<Parting> m_parting;
    std::optional<FlightEvent> m_unfinished;
    std::string m_trouble;
};

} // namespace dyad::recorder
