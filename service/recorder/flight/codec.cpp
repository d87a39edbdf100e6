// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/codec.h"

#include "recorder/flight/fields.h"

namespace dyad::recorder {

namespace {

template <typename... Fields>
std::optional<std::size_t> encodeAll(std::span<std::uint8_t> out, const Fields&... fields) {
    Encoder encoder(out);
    each(encoder, fields...);
    return encoder.used();
}

template <typename Record>
Result<Record> decodeAll(std::span<const std::uint8_t> bytes) {
    Decoder decoder(bytes);
    Record record;
    field(decoder, record);
    if (const Result<void> end = decoder.end(); !end) return end.error();
    return record;
}

} // namespace

std::optional<std::size_t> encode(const RunHeader& header, std::span<std::uint8_t> out) {
    return encodeAll(out, header);
}
std::optional<std::size_t> encode(const engine::State& state, std::span<std::uint8_t> out) {
    return encodeAll(out, state);
}
std::optional<std::size_t> encodeSnapshot(const RunHeader& header, std::uint64_t step, Instant lastNow,
                                          const engine::State& state, std::span<std::uint8_t> out) {
    return encodeAll(out, header, step, lastNow, state);
}
std::optional<std::size_t> encodeEvent(std::uint64_t step, Instant at, const engine::Event& event,
                                       std::span<std::uint8_t> out) {
    return encodeAll(out, step, at, event);
}
std::optional<std::size_t> encodeActions(std::uint64_t step, std::optional<Instant> nextDeadline,
                                         const std::vector<engine::Action>& actions, std::span<std::uint8_t> out) {
    return encodeAll(out, step, nextDeadline, actions);
}

Result<RunHeader> decodeRunHeader(std::span<const std::uint8_t> bytes) { return decodeAll<RunHeader>(bytes); }
Result<FlightSnapshot> decodeSnapshot(std::span<const std::uint8_t> bytes) { return decodeAll<FlightSnapshot>(bytes); }
Result<FlightEvent> decodeEvent(std::span<const std::uint8_t> bytes) { return decodeAll<FlightEvent>(bytes); }
Result<FlightActions> decodeActions(std::span<const std::uint8_t> bytes) { return decodeAll<FlightActions>(bytes); }

} // namespace dyad::recorder
