// SPDX-License-Identifier: Apache-2.0
// A heartbeat on a serial line, which knows bytes and no datagrams: zero ‖ stuffed(heartbeat ‖ CRC-32) ‖ zero.
//
// Stuffing is COBS (Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999): nothing between the zeros is zero,
// so that whoever comes in the middle is back in step with the next zero. The check tells noise, which every line has
// now and then, from a datagram that somebody forged: that one is the seal's to find. Nothing here allocates.
#pragma once

#include "model/serial_line.h"
#include "wire/heartbeat.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace dyad::heart {

static_assert(model::emptyHeartbeatBytes == wire::minDatagramBytes);
static_assert(model::heartbeatBytesPerGroup == wire::layout::groupBytes);

inline constexpr std::size_t maxSerialFrameBytes = model::serialFrameBytes(wire::maxDatagramBytes);
using SerialFrame = std::array<std::uint8_t, maxSerialFrameBytes>;

// CRC-32 as Ethernet has it (IEEE 802.3; reflected 0xEDB88320).
[[nodiscard]] std::uint32_t serialCheck(std::span<const std::uint8_t> bytes);

// Writes into `out` and returns how many of its bytes are the frame. `datagram` has at most wire::maxDatagramBytes.
std::size_t toSerialFrame(std::span<const std::uint8_t> datagram, SerialFrame& out);

class SerialReader {
public:
    // Takes the next byte of the line; gives the datagram that ends with it, valid until the next call. What is broken
    // or too long is passed over.
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> take(std::uint8_t byte);
    // The line was opened anew: what had begun is over.
    void forget();
    [[nodiscard]] std::uint64_t broken() const { return m_broken; }

private:
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> finish();

    std::array<std::uint8_t, maxSerialFrameBytes> m_bytes{}; // stuffed while they come in, then put right in place
    std::size_t m_filled = 0;
    bool m_tooLong = false;
    std::uint64_t m_broken = 0;
};

} // namespace dyad::heart
