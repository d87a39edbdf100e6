// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/flight_recorder.h"

namespace dyad::recorder {

namespace {
// What of the oldest run can't be replayed any more, because its snapshot was overwritten, is at most this part of the
// ring.
constexpr std::size_t snapshotsPerRing = 16;
} // namespace

FlightRecorder::FlightRecorder(FlightRing ring, RunHeader header)
    : m_ring(std::move(ring)), m_header(std::move(header)), m_record(m_ring.maxPayload()) {}

Result<FlightRecorder> FlightRecorder::open(const std::filesystem::path& file, RunHeader header,
                                            std::size_t ringBytes) {
    Result<FlightRing> ring = FlightRing::open(file, ringBytes);
    if (!ring) return ring.error();
    FlightRecorder recorder(std::move(ring.value()), std::move(header));
    const std::optional<std::size_t> bytes = encode(recorder.m_header, recorder.m_record);
    if (!bytes)
        return Error{"record the configuration", file.string(),
                     "it is larger than " + std::to_string(recorder.m_record.size()) + " bytes", ""};
    recorder.append(RecordKind::RunBegan, bytes);
    recorder.m_lastSnapshot = recorder.m_ring.head();
    return recorder;
}

void FlightRecorder::append(RecordKind kind, std::optional<std::size_t> bytes) {
    if (!bytes || !m_ring.append(kind, std::span(m_record).first(*bytes))) m_ring.append(RecordKind::Omitted, {});
}

void FlightRecorder::event(Instant at, const engine::Event& event) {
    m_now = at;
    append(RecordKind::Event, encodeEvent(++m_step, at, event, m_record));
}

void FlightRecorder::actions(const std::vector<engine::Action>& actions, const engine::Engine& engine) {
    append(RecordKind::Actions, encodeActions(m_step, engine.nextDeadline(), actions, m_record));
    if (m_ring.head() - m_lastSnapshot < m_ring.capacity() / snapshotsPerRing) return;
    append(RecordKind::Snapshot, encodeSnapshot(m_header, m_step, m_now, engine.state(), m_record));
    m_lastSnapshot = m_ring.head();
}

} // namespace dyad::recorder
