// SPDX-License-Identifier: Apache-2.0
// How a life ended, seen from outside: besides the checkers' verdict it may have ended the process, or never ended.
#pragma once

#include "life.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::simulator {

// Ordered: the later the worse.
enum class Ending : std::uint8_t { Clean, Liveness, Safety, Crash };
[[nodiscard]] const char* toText(Ending ending);
[[nodiscard]] Ending endingOf(Verdict::Kind kind);

inline constexpr int exitClean = 0;
inline constexpr int exitUsage = 1;
[[nodiscard]] int exitStatusOf(Ending worst); // 0 clean, 2 crash, 3 safety, 4 liveness

struct Failure {
    std::uint64_t seed = 0;
    Ending ending = Ending::Clean;
    std::string checker; // the checker's name; of a crash "invariant", "sanitizer", "signal 11", "hang", "exit 1"
    std::string what;    // in words; of a crash the first telling line of its standard error

    // The same bug, as far as can be told: shrinking must not end at another one.
    [[nodiscard]] bool sameAs(const Failure& other) const;
};

// Of a process that ended by itself or was ended: `status` as waitpid gives it, `words` its standard error.
[[nodiscard]] Failure crashOf(std::uint64_t seed, int status, bool hung, std::string_view words);

// Sums over lives. Trivially copyable: it lives in memory that processes share.
struct Tally {
    std::uint64_t lives = 0;
    std::uint64_t digest = 0; // over all digests, whatever the order
    Counts counts;

    void add(std::uint64_t seed, const Verdict& verdict);
    Tally& operator+=(const Tally& other);
};

} // namespace dyad::simulator
