// SPDX-License-Identifier: Apache-2.0
// Finds the whole records of a ring in any bytes.
#pragma once

#include "base/result.h"
#include "recorder/flight/ring_layout.h"

#include <optional>
#include <span>
#include <vector>

namespace dyad::recorder {

struct RecordPlace {
    std::uint64_t position = 0;
    std::uint64_t next = 0; // position of what follows it
    std::size_t at = 0;     // where the payload lies in the ring
    std::size_t payload = 0;
    RecordKind kind = RecordKind::Padding;
};

// Every whole record, oldest first; records that contradict each other's place are left out, older ones first.
[[nodiscard]] std::vector<RecordPlace> scanRing(std::span<const std::uint8_t> ring);

// The file's header: the ring's capacity. The error says what the file is instead.
struct FlightFileHeader {
    std::uint32_t version = 0;
    std::uint64_t capacity = 0;
    std::uint64_t head = 0;
};
[[nodiscard]] std::optional<FlightFileHeader> readFlightHeader(std::span<const std::uint8_t> file);

} // namespace dyad::recorder
