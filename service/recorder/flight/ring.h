// SPDX-License-Identifier: Apache-2.0
// The writing end of the flight recorder's file: a mapped file of fixed size. Writing a record is a copy into memory;
// what was copied is in the file even if the process is killed in the next instant.
#pragma once

#include "base/result.h"
#include "recorder/flight/ring_layout.h"

#include <filesystem>
#include <memory>
#include <span>

namespace dyad::recorder {

class FlightRing {
public:
    // Goes on in the file if it is a ring of this version and size, else makes a new one; what lay there is then kept
    // under another name (`setAside`). Every block is reserved, so that a full disk is told here and not by SIGBUS
    // later. Blocks on the disk; nothing else here does but for the page cache.
    [[nodiscard]] static Result<FlightRing> open(const std::filesystem::path& file, std::size_t capacity);

    FlightRing(FlightRing&&) noexcept;
    FlightRing& operator=(FlightRing&&) noexcept;
    ~FlightRing();

    // False: the payload is longer than maxPayload().
    bool append(RecordKind kind, std::span<const std::uint8_t> payload);
    [[nodiscard]] std::size_t maxPayload() const;
    [[nodiscard]] std::uint64_t head() const { return m_head; }
    [[nodiscard]] std::size_t capacity() const { return m_capacity; }
    // Where a file that this one couldn't go on with lies now; empty: there was none.
    [[nodiscard]] const std::filesystem::path& setAside() const { return m_setAside; }

private:
    struct Mapping;
    FlightRing(std::unique_ptr<Mapping> mapping, std::size_t capacity);
    [[nodiscard]] std::span<std::uint8_t> data() const;
    void put(RecordKind kind, std::span<const std::uint8_t> payload, std::size_t sizeField);
    void advance(std::size_t bytes);

    std::unique_ptr<Mapping> m_mapping;
    std::size_t m_capacity = 0;
    std::uint64_t m_head = 0;
    std::filesystem::path m_setAside;
};

} // namespace dyad::recorder
