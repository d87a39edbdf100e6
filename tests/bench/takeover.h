// SPDX-License-Identifier: Apache-2.0
// Everything that `dyad-bench takeover` measures.
#pragma once

#include "base/result.h"
#include "bench/statistics.h"

#include <string>
#include <vector>

namespace dyad::bench {

struct Plan {
    unsigned runs = 10;
    bool fullLoad = false; // else the client is the probe alone: a row every 5 ms
    unsigned overloadSeconds = 120;
    unsigned idleSeconds = 20;
    std::vector<std::string> only; // of partNames; empty: all
};

inline constexpr const char* partNames[] = {"by-hand", "pair", "address-only", "overload"};

struct Findings {
    std::vector<Figure> figures;
    std::vector<Goal> goals;
    std::vector<std::string> troubles; // measurements that could not be made, each with its reason
};

// Each builds a lab, measures and takes it down. Blocks for minutes.
[[nodiscard]] Result<void> measureByHand(const Plan& plan, Figure& powerOffGap, Figure& plannedGap);
struct PairFigures {
    Figure heartbeatToWon{"power-off: last heartbeat to reservation won (fast)", "ms"};
    Figure powerOffGap{"power-off: client gap, filesystem + PostgreSQL + address", "ms"};
    Figure plannedGap{"switchover by command: client gap, PostgreSQL", "ms"};
    Figure idleCpu{"idle: processor time of all Dyad processes of a host (fast)", "% of one core"};
    Figure heartMemory{"idle: dyad-heart resident", "MiB"};
    Figure serviceMemory{"idle: dyadd resident", "MiB"};
    Figure lunMemory{"idle: dyad-lun resident", "MiB"};
};
[[nodiscard]] Result<void> measurePair(const Plan& plan, PairFigures& figures);
[[nodiscard]] Result<void> measureAddressOnly(const Plan& plan, Figure& gap);
// Takeovers while both cores are overloaded and one link loses 20 %; profile standard.
[[nodiscard]] Result<void> measureOverload(const Plan& plan, Figure& takeovers, Figure& gap);

[[nodiscard]] Findings measureTakeover(const Plan& plan);

} // namespace dyad::bench
