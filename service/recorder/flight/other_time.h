// SPDX-License-Identifier: Apache-2.0
// One incident lived through again by an engine with other time-outs: the outside of the recording, answering what it
// can.
#pragma once

#include "engine/engine.h"
#include "recorder/flight/what_if.h"

#include <deque>
#include <map>
#include <tuple>

namespace dyad::recorder {

// A step of the recording, whole.
struct RecordedStep {
    std::uint64_t step = 0;
    Instant at;
    engine::Event event;
    std::vector<engine::Action> actions;
};

// The roles and acts of one step that make a difference outside, in words.
void addDecisions(std::vector<Decision>& decisions, Instant at, const std::vector<model::Role>& before,
                  const engine::State& after, const std::vector<engine::Action>& actions,
                  const model::Configuration& configuration);
[[nodiscard]] std::vector<model::Role> rolesOf(const engine::State& state);

class OtherTime {
public:
    OtherTime(const RunHeader& header, const engine::State& state, Instant lastNow,
              const std::vector<RecordedStep>& steps, const engine::Timeouts& timeouts);

    // Lives from the incident's first step until `end`, or until a question that nobody can answer.
    void live(Instant end, Incident& incident);

private:
    // group, LUN or resource, command or verb; second: whether it is of the array
    using Question = std::tuple<bool, std::uint32_t, std::uint32_t, std::uint8_t>;
    struct Known {
        Duration after{0}; // from question to answer
        model::ReservationKey key;
        std::optional<engine::Event> answer; // none: the recording ends before it
        Instant askedAt;
    };
    struct Picture { // what a read of a LUN shows
        model::ReservationAnswer answer;
        unsigned acts = 0; // of ours, answered before it was seen
    };

    void collect(const std::vector<RecordedStep>& steps);
    void take(Instant at, const engine::Event& event, Incident& incident);
    void answer(Instant at, const engine::Action& action, Incident& incident);
    void answerRead(Instant at, const model::ReservationRequest& request);
    template <typename Request>
    void answerKnown(Instant at, const Question& question, const Request& request, Incident& incident);
    void see(const engine::Event& event);
    [[nodiscard]] bool answersToOtherActs(Instant at, const engine::Event& event) const;

    const RunHeader& m_header;
    engine::Engine m_engine;
    Instant m_now;
    std::multimap<Instant, engine::Event> m_coming;                      // facts and answers, by when they come
    std::multimap<Instant, std::pair<model::LunId, Picture>> m_pictures; // what the recording saw, by when
    std::map<Question, std::deque<Known>> m_known;
    std::map<model::LunId, Picture> m_seen;
    std::map<model::LunId, unsigned> m_acts;
    std::vector<Instant> m_recordedActs; // when the recorded engine did something outside
    std::size_t m_ownActs = 0;
    model::PeerReport m_peer; // as this engine knows it
};

} // namespace dyad::recorder
