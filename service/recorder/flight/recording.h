// SPDX-License-Identifier: Apache-2.0
// A recording as it lies in a file: its runs (one per life of the service), each with its steps, and where it is
// damaged. Reads a ring that is being written as well as a copy.
#pragma once

#include "recorder/flight/codec.h"
#include "recorder/flight/ring_scan.h"

#include <filesystem>
#include <memory>

namespace dyad::recorder {

// One life of the service, or what is left of it in the ring. Indices are into Recording::records.
struct Run {
    RunHeader header;
    std::size_t first = 0; // RunBegan, or the oldest Snapshot that is left
    std::size_t last = 0;  // behind the last record
    std::string damage;    // why it ends where it ends, if that is not how the service left it
};

struct Recording {
    std::vector<std::uint8_t> bytes; // of the ring
    std::vector<RecordPlace> records;
    std::vector<Run> runs;            // oldest first
    std::vector<std::string> remarks; // what a reader should know: a torn last record, steps without a beginning

    [[nodiscard]] std::span<const std::uint8_t> payload(const RecordPlace& place) const {
        return std::span(bytes).subspan(place.at, place.payload);
    }
};

// Reads the file once, from front to back; blocks on the disk. The error: it can't be read, is no recording, is of
// another version, holds no run.
[[nodiscard]] Result<Recording> readRecording(const std::filesystem::path& file);
// The same of a whole file's bytes.
[[nodiscard]] Result<Recording> parseRecording(std::span<const std::uint8_t> file, const std::string& name);

} // namespace dyad::recorder
