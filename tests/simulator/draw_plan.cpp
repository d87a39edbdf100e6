// SPDX-License-Identifier: Apache-2.0
// From a seed to a plan: first what kind of pair it is and which kinds of faults this life knows at all (the swarm:
// a life with three kinds of faults finds what a life with all of them hides), then the faults themselves.
#include "plan.h"

#include "model/view.h"
#include "world/random.h"

#include <algorithm>
#include <array>

namespace dyad::simulator {

namespace {

struct Kind {
    FaultKind kind;
    unsigned weight;  // among the kinds that a life knows
    unsigned chance;  // percent of lives that know it
    unsigned lastsMs; // about; drawn between a twentieth and twice of it
    unsigned least;   // of amount
    unsigned most;
};

constexpr std::array kinds{
    Kind{FaultKind::LinkCut, 12, 50, 2000, 0, 0},
    Kind{FaultKind::LinkCutOneWay, 6, 35, 2000, 0, 0},
    Kind{FaultKind::LinkLoss, 4, 15, 600, 5, 80},
    Kind{FaultKind::LinkDelay, 3, 12, 600, 1, 400},
    Kind{FaultKind::LinkJitter, 3, 12, 600, 1, 200},
    Kind{FaultKind::LinkDuplicate, 2, 10, 500, 5, 60},
    Kind{FaultKind::LinkReorder, 2, 10, 500, 5, 60},
    Kind{FaultKind::LinkCorrupt, 2, 10, 500, 5, 60},
    Kind{FaultKind::LinkReplay, 2, 10, 0, 1, 12},
    Kind{FaultKind::PathCut, 8, 40, 1500, 0, 0},
    Kind{FaultKind::PathBreak, 5, 35, 0, 0, 0},
    Kind{FaultKind::ArrayRestart, 4, 25, 800, 0, 1},
    Kind{FaultKind::ArrayRefuses, 3, 12, 1500, 0, 0},
    Kind{FaultKind::ArraySlow, 4, 20, 2000, 1, 500},
    Kind{FaultKind::ArrayLosesCommands, 3, 15, 1000, 2, 40},
    Kind{FaultKind::ArrayBusy, 3, 15, 400, 0, 0},
    Kind{FaultKind::ArrayHoldsWrites, 6, 45, 2500, 0, 0},
    Kind{FaultKind::UnitAttention, 4, 25, 0, 0, 3},
    Kind{FaultKind::ForeignReservation, 1, 5, 3000, 0, 0},
    Kind{FaultKind::PowerOff, 14, 65, 5000, 0, 0},
    Kind{FaultKind::Freeze, 8, 40, 1500, 0, 0},
    Kind{FaultKind::SlowScheduling, 2, 10, 800, 1, 150},
    Kind{FaultKind::WallClockJump, 1, 5, 0, 1, 100000},
    Kind{FaultKind::ServiceCrash, 8, 45, 1200, 0, 0},
    Kind{FaultKind::HeartCrash, 5, 30, 300, 0, 0},
    Kind{FaultKind::LunCrash, 4, 25, 0, 0, 0},
    Kind{FaultKind::ResourceStart, 4, 25, 4000, 1, 4},
    Kind{FaultKind::ResourceStop, 4, 25, 4000, 1, 4},
    Kind{FaultKind::ResourceKill, 2, 15, 4000, 1, 4},
    Kind{FaultKind::ResourceProbe, 2, 12, 4000, 1, 4},
    Kind{FaultKind::ResourceDies, 7, 40, 0, 0, 1},
    Kind{FaultKind::Order, 10, 55, 0, 0, 0},
    Kind{FaultKind::Shutdown, 4, 30, 4000, 0, 0},
    Kind{FaultKind::GatewayLost, 3, 20, 3000, 0, 0},
};
static_assert(kinds.size() == faultKinds);

constexpr unsigned longestPause = 4000; // milliseconds between two faults

Options drawOptions(Stream& dice) {
    Options options;
    const unsigned profile = dice.draw(0, 99);
    options.profile = profile < 40 ? 0 : profile < 80 ? 1 : 2;
    options.links = dice.chance(70) ? 2 : dice.chance(70) ? 1 : 3;
    options.groups = dice.chance(70) ? 1 : dice.draw(2, 3);
    options.lunsPerGroup = dice.chance(72) ? 1 : dice.chance(65) ? 2 : 0;
    options.failback = dice.chance(60) ? 0 : dice.draw(1, 2);
    options.preferSecond = dice.draw(0, 15);
    options.gateways = dice.draw(0, 1);
    options.bootTogether = dice.chance(75) ? 1 : 0;
    options.preemptAndAbort = dice.draw(0, 1);
    options.registrationSurvives = dice.chance(30) ? 1 : 0;
    options.resetLandsWrites = dice.draw(0, 1);
    options.keepsKeys = dice.chance(30) ? 1 : 0;
    (void)dice.draw(0, 99);
    options.linkDelayUs = dice.chance(80) ? dice.draw(30, 300) : dice.draw(300, 3000);
    options.linkJitterUs = dice.draw(0, options.linkDelayUs);
    options.arrayDelayUs = dice.chance(80) ? dice.draw(30, 200) : dice.draw(200, 2000);
    options.arrayJitterUs = dice.draw(0, options.arrayDelayUs);
    options.writeEveryUs = dice.chance(25) ? dice.draw(20'000, 200'000) : dice.draw(200'000, 3'000'000);
    options.startUs = dice.chance(80) ? dice.draw(1000, 100'000) : dice.draw(100'000, 1'500'000);
    if (dice.chance(40)) {
        options.rateFirst = dice.draw(800, 1200);
        options.rateSecond = dice.draw(800, 1200);
    }
    return options;
}

Fault drawFault(const Kind& kind, const Options& options, Stream& dice) {
    Fault fault;
    fault.kind = kind.kind;
    fault.node = dice.chance(50) ? model::NodeId::First : model::NodeId::Second;
    fault.amount = dice.draw(kind.least, kind.most);
    if (kind.lastsMs > 0)
        fault.lasts = std::chrono::microseconds(dice.chance(50) ? dice.draw(kind.lastsMs * 50, kind.lastsMs * 500)
                                                                : dice.draw(kind.lastsMs * 500, kind.lastsMs * 2000));
    const unsigned luns = options.groups * options.lunsPerGroup;
    if (kind.kind <= FaultKind::LinkReplay)
        fault.target = dice.chance(60) ? allTargets : dice.draw(0, options.links - 1);
    else if (kind.kind <= FaultKind::ForeignReservation || kind.kind == FaultKind::LunCrash)
        fault.target = luns == 0 || dice.chance(60) ? allTargets : dice.draw(0, luns - 1);
    // One throw per statement: compilers differ in which of two they make first.
    else if (kind.kind >= FaultKind::ResourceStart && kind.kind <= FaultKind::ResourceDies) {
        fault.target = dice.draw(0, options.groups - 1) * 16;
        fault.target += dice.draw(0, options.lunsPerGroup + 1);
    } else if (kind.kind == FaultKind::Order) {
        fault.target = dice.draw(0, options.groups - 1);
        // Most of them move the groups; about a third are the rarer ones.
        const auto orders = static_cast<unsigned>(model::orderKinds.size());
        fault.amount = dice.draw(0, orders + 7);
        if (fault.amount >= orders) fault.amount %= 5;
        if (dice.chance(10)) fault.amount += orderAboutPeer;
    }
    return fault;
}

} // namespace

Plan drawPlan(std::uint64_t seed) {
    Plan plan;
    plan.seed = seed;
    Stream dice(seed, 0);
    plan.options = drawOptions(dice);

    std::vector<const Kind*> known;
    unsigned weights = 0;
    for (const Kind& kind : kinds) {
        if (!dice.chance(kind.chance)) continue;
        known.push_back(&kind);
        weights += kind.weight;
    }
    if (known.empty()) return plan;

    const unsigned faults = dice.chance(10) ? 0 : dice.draw(1, dice.chance(70) ? 6 : 16);
    Duration at = std::chrono::microseconds(dice.draw(0, 4'000'000));
    for (unsigned i = 0; i < faults && at < safetyPhase; ++i) {
        unsigned which = dice.draw(0, weights - 1);
        std::size_t index = 0;
        while (which >= known[index]->weight)
            which -= known[index++]->weight;
        Fault fault = drawFault(*known[index], plan.options, dice);
        fault.at = at;
        plan.faults.push_back(fault);
        // Half of them hit a pair that hasn't got over the last one.
        at += std::chrono::microseconds(dice.chance(50) ? dice.draw(0, 200'000)
                                                        : dice.draw(200'000, longestPause * 1000));
    }
    return plan;
}

} // namespace dyad::simulator
