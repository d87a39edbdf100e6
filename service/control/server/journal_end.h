// SPDX-License-Identifier: Apache-2.0
// Where a journal ends. The port has no such question, so the end is found by halving, once.
#pragma once

#include "ports/outside.h"

namespace dyad::control {

// The sequence of the newest entry; 0: there is none.
[[nodiscard]] inline std::uint64_t lastSequenceOf(const ports::ServicePort& service) {
    constexpr std::uint64_t farthest = std::uint64_t{1} << 62;
    std::uint64_t reached = 0; // an entry with this sequence is there (or none is)
    std::uint64_t beyond = 1;  // doubled until no entry has this sequence or a later one
    for (auto found = service.journalAfter(0, 1); !found.empty() && beyond < farthest;
         found = service.journalAfter(beyond - 1, 1)) {
        reached = found.front().sequence;
        beyond = std::min(farthest, std::max(reached, beyond) * 2);
    }
    while (reached + 1 < beyond) {
        const std::uint64_t middle = reached + (beyond - reached) / 2;
        const auto found = service.journalAfter(middle - 1, 1);
        if (found.empty())
            beyond = middle;
        else
            reached = found.front().sequence;
    }
    return reached;
}

} // namespace dyad::control
