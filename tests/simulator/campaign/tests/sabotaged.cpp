// SPDX-License-Identifier: Apache-2.0
// dyad-sim with lives that are no lives: quick, and they end as --sabotage says. For the tests of everything around
// them.
//   clean       always clean
//   safety      a safety rule breaks when a power-off and a link-cut of at least 100 ms are in the plan
//   liveness    ... a liveness rule, when a link-cut is
//   invariant   ... the process aborts, when a power-off and a link-cut are
//   signal      ... it dies of a signal, likewise
//   hang        ... it hangs, when the seed is 5 and a power-off is
#include "campaign/child.h"
#include "campaign/run.h"

#include "base/check.h"

#include <algorithm>
#include <csignal>
#include <unistd.h>

using namespace dyad;
using namespace dyad::simulator;

namespace {

std::string sabotage = "clean";

constexpr std::uint64_t faultsOfAPlan = 12;
constexpr std::uint64_t hangingSeed = 5;

// Every plan has a power-off and, but for every seventh seed, a link-cut; the rest does nothing.
Plan drawToBreak(std::uint64_t seed) {
    Plan plan;
    plan.seed = seed;
    plan.options.links = 3;
    plan.options.groups = 2;
    for (std::uint64_t i = 0; i < faultsOfAPlan; ++i) {
        Fault fault;
        fault.at = Duration(1s) * static_cast<std::int64_t>(i + 1);
        fault.kind = i == seed % faultsOfAPlan                          ? FaultKind::PowerOff
                     : i == (seed + 5) % faultsOfAPlan && seed % 7 != 0 ? FaultKind::LinkCut
                                                                        : FaultKind::GatewayLost;
        fault.lasts = 3s;
        plan.faults.push_back(fault);
    }
    return plan;
}

Verdict liveAsTold(const Plan& plan, Story* story) {
    const auto has = [&](FaultKind kind, Duration atLeast) {
        return std::any_of(plan.faults.begin(), plan.faults.end(),
                           [&](const Fault& fault) { return fault.kind == kind && fault.lasts >= atLeast; });
    };
    const bool cut = has(FaultKind::LinkCut, Duration(0));
    const bool off = has(FaultKind::PowerOff, Duration(0));
    Verdict verdict;
    verdict.digest = plan.seed * 1000 + plan.faults.size();
    verdict.counts.faults = plan.faults.size();
    verdict.counts.takeovers = 1;
    verdict.counts.virtualTime = wholeLife;
    for (const Fault& fault : plan.faults) {
        ++verdict.counts.faultsByKind[static_cast<std::size_t>(fault.kind)];
        if (story) story->line(fault.at, inWords(fault));
    }
    if (sabotage == "safety" && off && has(FaultKind::LinkCut, 100ms)) {
        verdict.kind = Verdict::Kind::Safety;
        verdict.checker = "two-writers";
        verdict.what = "alpha and beta could write";
    }
    if (sabotage == "liveness" && cut) {
        verdict.kind = Verdict::Kind::Liveness;
        verdict.checker = "liveness";
        verdict.what = "nobody runs \"g0\"";
    }
    if (sabotage == "invariant") DYAD_CHECK(!cut || !off, "the sabotage was found");
    if (sabotage == "signal" && cut && off) raise(SIGSEGV);
    if (sabotage == "hang" && plan.seed == hangingSeed && off)
        for (;;)
            pause();
    return verdict;
}

} // namespace

int main(int count, char** arguments) {
    std::vector<std::string> words(arguments + 1, arguments + count);
    const auto at = std::find(words.begin(), words.end(), "--sabotage");
    if (at != words.end() && at + 1 != words.end()) {
        sabotage = *(at + 1);
        words.erase(at, at + 2);
    }
    return run(words, Lives{drawToBreak, liveAsTold}, sabotage == "hang" ? Duration(2s) : usualWallDeadline);
}
