// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/ring_scan.h"

#include "base/byte_order.h"
#include "recorder/flight/crc32c.h"

#include <algorithm>

namespace dyad::recorder {

namespace {

std::optional<RecordPlace> recordAt(std::span<const std::uint8_t> ring, std::size_t at) {
    const std::size_t room = ring.size() - at;
    if (room < recordHeaderBytes || loadLittle<std::uint32_t>(ring.subspan(at, 4)) != recordMagic) return {};
    const std::span<const std::uint8_t> record = ring.subspan(at);
    RecordPlace place;
    place.position = loadLittle<std::uint64_t>(record.subspan(recordPositionAt, 8));
    place.payload = loadLittle<std::uint32_t>(record.subspan(recordSizeAt, 4));
    const std::uint8_t kind = record[recordKindAt];
    if (place.position % ring.size() != at || kind > static_cast<std::uint8_t>(RecordKind::Omitted)) return {};
    place.kind = static_cast<RecordKind>(kind);
    const bool padding = place.kind == RecordKind::Padding;
    if (place.payload > room - recordHeaderBytes || (!padding && place.payload > maxPayloadBytes)) return {};
    // The bytes behind a padding are whatever an earlier lap left.
    const std::size_t sealed = recordHeaderBytes + (padding ? 0 : place.payload);
    if (loadLittle<std::uint32_t>(record.subspan(recordCrcAt, 4)) !=
        crc32c(record.subspan(recordPositionAt, sealed - recordPositionAt)))
        return {};
    place.at = at + recordHeaderBytes;
    const std::size_t bytes = recordBytes(place.payload);
    if (bytes > room) return {};
    place.next = place.position + bytes;
    if (room - bytes < recordHeaderBytes) place.next = place.position + room; // no record fits behind it in this lap
    return place;
}

} // namespace

std::vector<RecordPlace> scanRing(std::span<const std::uint8_t> ring) {
    std::vector<RecordPlace> found;
    for (std::size_t at = 0; at < ring.size();) {
        const std::optional<RecordPlace> place = recordAt(ring, at);
        if (!place) {
            at += 8;
            continue;
        }
        found.push_back(*place);
        at += recordBytes(place->kind == RecordKind::Padding ? 0 : place->payload);
    }
    std::sort(found.begin(), found.end(),
              [](const RecordPlace& left, const RecordPlace& right) { return left.position < right.position; });
    // One lap: what is older than a capacity before the end lies where something newer was.
    if (!found.empty()) {
        const std::uint64_t end = found.back().next;
        const std::uint64_t begin = end > ring.size() ? end - ring.size() : 0;
        std::erase_if(found, [&](const RecordPlace& place) { return place.position < begin; });
    }
    // Bytes of a payload could look like a record; what begins within a newer or an equal one is none.
    std::vector<RecordPlace> records;
    for (const RecordPlace& place : found)
        if (records.empty() || place.position >= records.back().next) records.push_back(place);
    return records;
}

std::optional<FlightFileHeader> readFlightHeader(std::span<const std::uint8_t> file) {
    if (file.size() < flightHeaderBytes) return {};
    if (loadLittle<std::uint64_t>(file.subspan(flightMagicAt, 8)) != flightMagic) return {};
    return FlightFileHeader{loadLittle<std::uint32_t>(file.subspan(flightVersionAt, 4)),
                            loadLittle<std::uint64_t>(file.subspan(flightCapacityAt, 8)),
                            loadLittle<std::uint64_t>(file.subspan(flightHeadAt, 8))};
}

} // namespace dyad::recorder
