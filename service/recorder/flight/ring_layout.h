// SPDX-License-Identifier: Apache-2.0
// The file of the flight recorder: a page of header, then a ring of records.
//
// A stream position counts every byte ever put into the ring; it lies at `position % capacity` in it. Each record
// carries its own position, so a reader that knows nothing but the bytes finds every whole record and its place in the
// story: what was overwritten, torn by a SIGKILL or rotten on the disk has a wrong position or a wrong checksum.
//
//   record: magic 4 | crc32c 4 of all that follows | position 8 | payload bytes 4 | kind 1 | zero 3 | payload | zeros
//   to 8
//
// A record never runs over the end of the ring: a padding record (or nothing, where none fits) fills the lap.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dyad::recorder {

inline constexpr std::uint64_t flightMagic = 0x31594c4644415944; // "DYADFLY1"
inline constexpr std::uint32_t recordMagic = 0x52465944;         // "DYFR"

inline constexpr std::size_t flightHeaderBytes = 4096;
// Offsets in the header. `head` is the position after the newest whole record: it grows once that record is whole.
inline constexpr std::size_t flightMagicAt = 0;
inline constexpr std::size_t flightVersionAt = 8;
inline constexpr std::size_t flightCapacityAt = 16;
inline constexpr std::size_t flightHeadAt = 24;

inline constexpr std::size_t recordHeaderBytes = 24;
inline constexpr std::size_t recordCrcAt = 4;
inline constexpr std::size_t recordPositionAt = 8;
inline constexpr std::size_t recordSizeAt = 16;
inline constexpr std::size_t recordKindAt = 20;

// An hour and more of a quiet pair, and the last minutes of the busiest.
inline constexpr std::size_t defaultRingBytes = 16 * 1024 * 1024;
inline constexpr std::size_t minRingBytes = 64 * 1024;
inline constexpr std::size_t maxRingBytes = 1024 * 1024 * 1024;
// A quarter of the smallest ring would be too little for a large configuration: see FlightRing::maxPayload.
inline constexpr std::size_t maxPayloadBytes = 1024 * 1024;

enum class RecordKind : std::uint8_t {
    Padding = 0,  // no payload; its size says where the lap ends
    RunBegan = 1, // RunHeader
    Snapshot = 2, // FlightSnapshot, taken after the step that it names
    Event = 3,    // FlightEvent, written before the engine sees it
    Actions = 4,  // FlightActions, what came of it
    Omitted = 5,  // nothing: what belonged here was larger than a record may be
};

[[nodiscard]] constexpr std::size_t recordBytes(std::size_t payload) {
    return (recordHeaderBytes + payload + 7) / 8 * 8;
}

} // namespace dyad::recorder
