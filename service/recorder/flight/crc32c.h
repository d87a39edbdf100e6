// SPDX-License-Identifier: Apache-2.0
// CRC-32C (Castagnoli), as RFC 3720 12.1 has it: seals each record of the flight recorder against tearing and rot.
#pragma once

#include <cstdint>
#include <span>

namespace dyad::recorder {

// About one byte per half cycle, in portable code. `seed`: the result for the bytes before these.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t seed = 0);

} // namespace dyad::recorder
