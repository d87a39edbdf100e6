// SPDX-License-Identifier: Apache-2.0
// What lies in the records of the flight recorder, as bytes: little-endian, fixed widths, in the order of the fields.
//   bool, enum      1 byte, a value that has a name
//   number          its own width; Instant and Duration 8 bytes of nanoseconds, within ±2^61
//   text, list      4 bytes of count, then its bytes or elements
//   optional        1 byte 0 or 1, then the value
//   variant         1 byte of index, then the alternative
// A change of anything here, or of a type that travels here, changes `flightVersion`; tests/golden holds the two
// together.
#pragma once

#include "base/result.h"
#include "engine/action.h"
#include "engine/event.h"
#include "engine/state.h"
#include "model/configuration.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dyad::recorder {

inline constexpr std::uint32_t flightVersion = 4;
inline constexpr std::size_t maxFlightTextBytes = 64 * 1024;
inline constexpr std::size_t maxFlightElements = 64 * 1024;

// Who ran, with what. Of the configuration only what the engine looks at: commands, connections and everything else
// that agents alone need stays out, so that no secret travels with a copy of a recording.
struct RunHeader {
    std::string programVersion;
    model::NodeId self = model::NodeId::First;
    model::BootDigest boot;
    Instant at; // when the run began
    std::int64_t wallClockMs = 0;
    model::Configuration configuration;
};

// From here the run can be replayed without what came before.
struct FlightSnapshot {
    RunHeader header;
    std::uint64_t step = 0; // the number of the last step that is in `state`
    Instant lastNow;
    engine::State state;
};

struct FlightEvent {
    std::uint64_t step = 0; // from 1
    Instant at;
    engine::Event event;
};

struct FlightActions {
    std::uint64_t step = 0;
    std::optional<Instant> nextDeadline;
    std::vector<engine::Action> actions;
};

// Each writes into `out` and returns how many bytes it used; nothing when they are not enough or a text or a list is
// longer than its bound. None allocates.
[[nodiscard]] std::optional<std::size_t> encode(const RunHeader& header, std::span<std::uint8_t> out);
[[nodiscard]] std::optional<std::size_t> encodeSnapshot(const RunHeader& header, std::uint64_t step, Instant lastNow,
                                                        const engine::State& state, std::span<std::uint8_t> out);
[[nodiscard]] std::optional<std::size_t> encodeEvent(std::uint64_t step, Instant at, const engine::Event& event,
                                                     std::span<std::uint8_t> out);
[[nodiscard]] std::optional<std::size_t> encodeActions(std::uint64_t step, std::optional<Instant> nextDeadline,
                                                       const std::vector<engine::Action>& actions,
                                                       std::span<std::uint8_t> out);
[[nodiscard]] std::optional<std::size_t> encode(const engine::State& state, std::span<std::uint8_t> out);

// Any bytes may come in. The error names the offset and what is wrong there; bytes left over are an error, too. What
// comes out has values with names only, but its ids may point nowhere: see validate.h.
[[nodiscard]] Result<RunHeader> decodeRunHeader(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<FlightSnapshot> decodeSnapshot(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<FlightEvent> decodeEvent(std::span<const std::uint8_t> bytes);
[[nodiscard]] Result<FlightActions> decodeActions(std::span<const std::uint8_t> bytes);

} // namespace dyad::recorder
