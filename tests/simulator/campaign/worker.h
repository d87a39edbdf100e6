// SPDX-License-Identifier: Apache-2.0
// One process of a campaign, and what it shares with the others.
#pragma once

#include "campaign/lives.h"
#include "campaign/outcome.h"

#include <atomic>
#include <cstdint>

namespace dyad::simulator {

inline constexpr std::uint64_t seedsPerChunk = 16;

// Where a worker is. Its parent reads it while it runs (atomics) and after it has ended (all of it): so what a dead one
// has lived through still counts.
struct WorkerSlot {
    std::atomic<std::uint64_t> seed{0};     // being lived
    std::atomic<std::int64_t> since{0};     // steady clock, ns; 0: none is being lived
    std::atomic<std::uint64_t> chunkEnd{0}; // its seeds reach to here
    std::atomic<std::uint64_t> lives{0};    // for the progress line
    std::atomic<std::uint64_t> takeovers{0};
    std::atomic<std::int64_t> virtualTime{0}; // ns
    Tally tally;
};

// The seeds that nobody has taken yet, counted from 0.
struct CommonSlot {
    std::atomic<std::uint64_t> next{0};
    std::atomic<bool> stop{false};
};

// Lives [from, until), then chunk after chunk until `count` is reached or it is told to stop. Failures go through the
// pipe. Returns the process's exit status.
[[nodiscard]] int work(const Lives& lives, std::uint64_t first, std::uint64_t count, std::uint64_t from,
                       std::uint64_t until, CommonSlot& common, WorkerSlot& slot, int failures);

} // namespace dyad::simulator
