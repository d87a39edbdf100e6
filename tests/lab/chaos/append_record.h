// SPDX-License-Identifier: Apache-2.0
// What stands in the appended file and in the notes beside it. Read and written by one build on one machine: host byte
// order, no version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace dyad::lab {

inline std::uint64_t mixed(const void* bytes, std::size_t count) { // FNV-1a
    const auto* byte = static_cast<const unsigned char*>(bytes);
    std::uint64_t sum = 0xcbf29ce484222325u;
    for (std::size_t i = 0; i < count; ++i)
        sum = (sum ^ byte[i]) * 0x100000001b3u;
    return sum;
}

struct AppendRecord {
    static constexpr std::uint64_t magicNumber = 0x6479616461707031u;
    std::uint64_t magic = magicNumber;
    std::uint64_t record = 0;
    std::uint64_t writer = 0; // the top bit: beta; then when it was started
    std::int64_t atNanoseconds = 0;
    unsigned char filler[472] = {};
    std::uint64_t sum = 0;

    void seal() {
        std::memset(filler, static_cast<int>(record & 0xff), sizeof filler);
        sum = mixed(this, offsetof(AppendRecord, sum));
    }
    [[nodiscard]] bool isWhole(std::uint64_t expected) const {
        return magic == magicNumber && record == expected && sum == mixed(this, offsetof(AppendRecord, sum));
    }
};
static_assert(sizeof(AppendRecord) == 512); // one sector: written whole or not at all

struct AppendNote {
    std::uint64_t record = 0;
    std::uint64_t writer = 0;
    std::uint64_t sum = 0;
    void seal() { sum = mixed(this, offsetof(AppendNote, sum)); }
    [[nodiscard]] bool isWhole() const { return sum == mixed(this, offsetof(AppendNote, sum)); }
};

} // namespace dyad::lab
