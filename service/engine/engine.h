// SPDX-License-Identifier: Apache-2.0
// The decisions of one node, as a pure function of what has happened: step(now, event) → actions.
//
// The shell's whole duty:
//     for (const Action& action : engine.step(clock.now(), event)) run(action);
//     wake me at engine.nextDeadline() with TimePassed
// Every event is a fact that is first written down; then each group is looked at anew and does what the facts now call
// for. So it makes no difference in which order facts of one instant arrive, and a time-out is just a fact that grew
// old.
#pragma once

#include "engine/action.h"
#include "engine/event.h"
#include "engine/state.h"
#include "engine/timeouts.h"
#include "model/configuration.h"

#include <optional>
#include <vector>

namespace dyad::engine {

class Engine {
public:
    // `configuration` is copied. Nothing happens before the event Started.
    Engine(const model::Configuration& configuration, model::NodeId self);
    // Goes on from `state`, which an engine of the same configuration and node had after its step at `lastNow`; for the
    // replay of a recording. `timeouts`: others than the profile's, to see what would have come of them. The first
    // nextDeadline() is told by the next step.
    Engine(const model::Configuration& configuration, model::NodeId self, State state, Instant lastNow,
           const Timeouts& timeouts);

    // `now` never goes back. The actions stand until the next call and are to be carried out in their order.
    const std::vector<Action>& step(Instant now, const Event& event);

    // When to send TimePassed, unless something else happens earlier.
    [[nodiscard]] std::optional<Instant> nextDeadline() const { return m_nextDeadline; }

    [[nodiscard]] const State& state() const { return m_state; }
    [[nodiscard]] const model::Configuration& configuration() const { return m_configuration; }
    [[nodiscard]] const Timeouts& timeouts() const { return m_timeouts; }
    [[nodiscard]] model::NodeId self() const { return m_self; }

private:
    const model::Configuration m_configuration;
    const model::NodeId m_self;
    const Timeouts m_timeouts;
    State m_state;
    std::vector<Action> m_actions;
    std::optional<Instant> m_nextDeadline;
    Instant m_lastNow;
};

} // namespace dyad::engine
