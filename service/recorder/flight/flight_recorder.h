// SPDX-License-Identifier: Apache-2.0
// The flight recorder: everything that enters the engine, and what came of it, in a ring that survives the process.
// `dyad replay` runs the same engine over it.
#pragma once

#include "engine/engine.h"
#include "recorder/flight/codec.h"
#include "recorder/flight/ring.h"

#include <filesystem>
#include <vector>

namespace dyad::recorder {

// Belongs to the thread of the engine. No call but open() waits for the disk; writing is a copy into mapped memory.
class FlightRecorder {
public:
    // Begins a run behind the earlier ones. The error is an alarm's text: the service goes on without a recorder.
    [[nodiscard]] static Result<FlightRecorder> open(const std::filesystem::path& file, RunHeader header,
                                                     std::size_t ringBytes = defaultRingBytes);

    // Before the engine sees it: if the step never ends, the recording says which one it was.
    void event(Instant at, const engine::Event& event);
    // After it. Now and then adds a snapshot, so that what is left of an old run can be replayed from there.
    void actions(const std::vector<engine::Action>& actions, const engine::Engine& engine);

    [[nodiscard]] std::uint64_t steps() const { return m_step; }
    [[nodiscard]] const std::filesystem::path& setAside() const { return m_ring.setAside(); }

private:
    FlightRecorder(FlightRing ring, RunHeader header);
    void append(RecordKind kind, std::optional<std::size_t> bytes);

    FlightRing m_ring;
    RunHeader m_header;
    std::vector<std::uint8_t> m_record; // one payload; made once
    std::uint64_t m_step = 0;
    Instant m_now;
    std::uint64_t m_lastSnapshot = 0; // stream position
};

} // namespace dyad::recorder
