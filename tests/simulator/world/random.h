// SPDX-License-Identifier: Apache-2.0
// Dice. One stream per subject, made from the seed and the subject's number: what one subject draws never changes what
// another one draws. Integers only, so that every compiler throws the same.
#pragma once

#include "base/time.h"

#include <cstdint>

namespace dyad::simulator {

__extension__ using Wide = unsigned __int128;

class Stream {
public:
    Stream(std::uint64_t seed, std::uint64_t subject) : m_state(mix(seed ^ mix(subject + 0x9e3779b97f4a7c15ULL))) {}

    std::uint64_t next() { return mix(m_state += 0x9e3779b97f4a7c15ULL); }
    // from..to, both included.
    std::uint64_t between(std::uint64_t from, std::uint64_t to) {
        const std::uint64_t span = to - from + 1;
        return from + static_cast<std::uint64_t>((static_cast<Wide>(next()) * span) >> 64);
    }
    unsigned draw(unsigned from, unsigned to) { return static_cast<unsigned>(between(from, to)); }
    bool chance(unsigned percent) { return draw(0, 99) < percent; }
    Duration upTo(Duration most) {
        return most.count() <= 0
                   ? Duration(0)
                   : Duration(static_cast<std::int64_t>(between(0, static_cast<std::uint64_t>(most.count()))));
    }

    static std::uint64_t mix(std::uint64_t value) { // the finaliser of splitmix64
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
        return value ^ (value >> 31);
    }

private:
    std::uint64_t m_state;
};

} // namespace dyad::simulator
