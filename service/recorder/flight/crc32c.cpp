// SPDX-License-Identifier: Apache-2.0
#include "recorder/flight/crc32c.h"

#include "base/byte_order.h"

#include <array>

namespace dyad::recorder {

namespace {

constexpr std::uint32_t polynomial = 0x82f63b78; // reflected

// Eight bytes at a time ("slicing by eight"): table k holds what a byte does to the remainder k bytes later.
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables makeTables() {
    Tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit)
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? polynomial : 0);
        tables[0][byte] = rest;
    }
    for (std::size_t k = 1; k < 8; ++k)
        for (std::size_t byte = 0; byte < 256; ++byte)
            tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xff];
    return tables;
}

constexpr Tables tables = makeTables();

} // namespace

std::uint32_t crc32c(std::span<const std::uint8_t> bytes, std::uint32_t seed) {
    std::uint32_t rest = ~seed;
    while (bytes.size() >= 8) {
        const std::uint64_t word = loadLittle<std::uint64_t>(bytes) ^ rest;
        rest = 0;
        for (std::size_t k = 0; k < 8; ++k)
            rest ^= tables[7 - k][(word >> (8 * k)) & 0xff];
        bytes = bytes.subspan(8);
    }
    for (const std::uint8_t byte : bytes)
        rest = (rest >> 8) ^ tables[0][(rest ^ byte) & 0xff];
    return ~rest;
}

} // namespace dyad::recorder
