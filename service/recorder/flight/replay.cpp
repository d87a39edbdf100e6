// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/replay.h"

#include "recorder/flight/validate.h"
#include "recorder/flight/words.h"

#include <algorithm>

namespace dyad::recorder {

namespace {

std::vector<std::string> wordsFrom(const std::vector<engine::Action>& actions, std::size_t from,
                                   const std::optional<Instant>& deadline, const model::Configuration& configuration) {
    std::vector<std::string> words;
    for (std::size_t i = from; i < actions.size(); ++i)
        words.push_back(toWords(actions[i], configuration));
    words.push_back(deadline ? "wakes at " + std::to_string(deadline->nanoseconds()) + " ns" : "sleeps");
    return words;
}

} // namespace

Replay::Replay(const Recording& recording, const Run& run) : m_recording(recording), m_run(run), m_at(run.first) {}

bool Replay::stop(std::string trouble) {
    m_trouble = std::move(trouble);
    m_at = m_run.last;
    return false;
}

bool Replay::begin() {
    const RecordPlace& place = m_recording.records[m_at++];
    if (place.kind == RecordKind::RunBegan) {
        m_engine.emplace(m_run.header.configuration, m_run.header.self);
        return true;
    }
    Result<FlightSnapshot> snapshot = decodeSnapshot(m_recording.payload(place));
    if (!snapshot) return stop(snapshot.error().text());
    const FlightSnapshot& from = snapshot.value();
    if (Result<void> fits = validate(from.state, from.header.configuration); !fits) return stop(fits.error().text());
    m_step = from.step;
    m_lastNow = from.lastNow;
    m_engine.emplace(m_run.header.configuration, m_run.header.self, from.state, from.lastNow,
                     engine::timeoutsOf(m_run.header.configuration.profile));
    return true;
}

// The state that the recorder saw must be the one that the replay has come to.
bool Replay::takeSnapshot(const RecordPlace& place) {
    Result<FlightSnapshot> snapshot = decodeSnapshot(m_recording.payload(place));
    if (!snapshot) return stop(snapshot.error().text());
    std::vector<std::uint8_t> recorded(maxPayloadBytes);
    std::vector<std::uint8_t> replayed(maxPayloadBytes);
    const auto recordedBytes = encode(snapshot.value().state, recorded);
    const auto replayedBytes = encode(m_engine->state(), replayed);
    const bool same = recordedBytes && replayedBytes && snapshot.value().step == m_step &&
                      std::equal(recorded.begin(), recorded.begin() + static_cast<std::ptrdiff_t>(*recordedBytes),
                                 replayed.begin(), replayed.begin() + static_cast<std::ptrdiff_t>(*replayedBytes));
    if (same) {
        ++m_snapshots;
        return true;
    }
    m_parting = Parting{m_step, m_lastNow, "a snapshot of the state", {"another state"}, {"the state differs"}};
    m_at = m_run.last;
    return false;
}

bool Replay::next() {
    if (m_parting || !m_trouble.empty()) return false;
    if (!m_engine && !begin()) return false;
    while (m_at < m_run.last) {
        const RecordPlace& place = m_recording.records[m_at];
        if (place.kind == RecordKind::Padding) {
            ++m_at;
            continue;
        }
        if (place.kind == RecordKind::Snapshot) {
            ++m_at;
            if (!takeSnapshot(place)) return false;
            continue;
        }
        if (place.kind != RecordKind::Event) return stop("a record of a step's actions without its event");
        Result<FlightEvent> event = decodeEvent(m_recording.payload(place));
        if (!event) return stop(event.error().text());
        std::size_t following = m_at + 1;
        while (following < m_run.last && m_recording.records[following].kind == RecordKind::Padding)
            ++following;
        if (following >= m_run.last) {
            m_unfinished = std::move(event.value());
            m_at = m_run.last;
            return false;
        }
        if (m_recording.records[following].kind != RecordKind::Actions) return stop("an event without its actions");
        Result<FlightActions> actions = decodeActions(m_recording.payload(m_recording.records[following]));
        if (!actions) return stop(actions.error().text());
        m_at = following + 1;
        return take(std::move(event.value()), std::move(actions.value()));
    }
    return false;
}

bool Replay::take(FlightEvent event, FlightActions actions) {
    if (event.step != m_step + 1 || actions.step != event.step)
        return stop("step " + std::to_string(event.step) + " doesn't follow step " + std::to_string(m_step));
    if (event.at < m_lastNow) return stop("time goes back at step " + std::to_string(event.step));
    const bool started = std::holds_alternative<engine::Started>(event.event);
    if (started == m_engine->state().started)
        return stop(started ? "the run begins twice" : "the run doesn't begin with its beginning");
    if (keepsStateBefore) {
        m_before = m_engine->state();
        m_lastBefore = m_lastNow;
    }
    m_step = event.step;
    m_lastNow = event.at;
    m_event = std::move(event);
    m_actions = std::move(actions);
    ++m_taken;
    compare(m_engine->step(m_event.at, m_event.event));
    return true;
}

void Replay::compare(const std::vector<engine::Action>& replayed) {
    const std::optional<Instant> deadline = m_engine->nextDeadline();
    const std::vector<engine::Action>& recorded = m_actions.actions;
    if (replayed == recorded && deadline == m_actions.nextDeadline) return;
    const auto differ = std::mismatch(recorded.begin(), recorded.end(), replayed.begin(), replayed.end());
    const auto from = static_cast<std::size_t>(differ.first - recorded.begin());
    const model::Configuration& configuration = m_run.header.configuration;
    m_parting = Parting{m_step, m_event.at, toWords(m_event.event, configuration),
                        wordsFrom(recorded, from, m_actions.nextDeadline, configuration),
                        wordsFrom(replayed, from, deadline, configuration)};
}

} // namespace dyad::recorder
