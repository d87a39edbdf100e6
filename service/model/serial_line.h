// SPDX-License-Identifier: Apache-2.0
// What a serial line between the nodes can carry: how many bytes a heartbeat takes there, and for how long.
// docs/WIRE.md has the frame, service/heart/serial_frame.h makes it.
#pragma once

#include "base/time.h"

#include <array>
#include <cstddef>

namespace dyad::model {

inline constexpr std::array<unsigned, 8> serialRates{9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600};
inline constexpr unsigned usualSerialRate = 115200;
inline constexpr unsigned bitsPerSerialByte = 10; // one start bit, eight of data, one stop bit

inline constexpr std::size_t emptyHeartbeatBytes = 96; // docs/WIRE.md; service/heart/serial_frame.h compares
inline constexpr std::size_t heartbeatBytesPerGroup = 12;
inline constexpr std::size_t serialCheckBytes = 4; // CRC-32 behind the heartbeat

// Of what stands for `bytes` on the line at most: check, stuffing (one byte, and one more for each 254) and a zero at
// either end.
[[nodiscard]] constexpr std::size_t serialFrameBytes(std::size_t bytes) {
    const std::size_t checked = bytes + serialCheckBytes;
    return checked + 1 + checked / 254 + 2;
}
[[nodiscard]] constexpr std::size_t serialHeartbeatBytes(std::size_t groups) {
    return serialFrameBytes(emptyHeartbeatBytes + groups * heartbeatBytesPerGroup);
}
// How long the line is busy with so many bytes.
[[nodiscard]] constexpr Duration serialTime(std::size_t bytes, unsigned rate) {
    return Duration(static_cast<std::int64_t>(bytes) * bitsPerSerialByte * 1'000'000'000 / rate);
}
// A fifth of the line is left for the beats that are sent when something changes.
[[nodiscard]] constexpr bool serialFits(std::size_t groups, unsigned rate, Duration heartbeat) {
    return serialTime(serialHeartbeatBytes(groups), rate) * 5 <= heartbeat * 4;
}

} // namespace dyad::model
