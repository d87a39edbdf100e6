// SPDX-License-Identifier: Apache-2.0
#include "campaign/worker.h"

#include "campaign/failure_record.h"

#include <algorithm>
#include <chrono>

namespace dyad::simulator {

int work(const Lives& lives, std::uint64_t first, std::uint64_t count, std::uint64_t from, std::uint64_t until,
         CommonSlot& common, WorkerSlot& slot, int failures) {
    for (;;) {
        slot.chunkEnd = until;
        for (; from < until && !common.stop; ++from) {
            slot.seed = from;
            slot.since = std::chrono::steady_clock::now().time_since_epoch().count();
            const std::uint64_t seed = first + from;
            const Verdict verdict = lives.live(lives.draw(seed), nullptr);
            slot.since = 0;
            slot.tally.add(seed, verdict);
            slot.lives = slot.tally.lives;
            slot.takeovers = slot.tally.counts.takeovers;
            slot.virtualTime = slot.tally.counts.virtualTime.count();
            if (verdict.kind == Verdict::Kind::Clean) continue;
            if (!writeFailure(failures, {seed, endingOf(verdict.kind), verdict.checker, verdict.what})) return 1;
        }
        if (common.stop) return 0;
        from = common.next.fetch_add(seedsPerChunk);
        if (from >= count) return 0;
        until = std::min(count, from + seedsPerChunk);
    }
}

} // namespace dyad::simulator
