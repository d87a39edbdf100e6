// SPDX-License-Identifier: Apache-2.0
#include "bench/takeover.h"

#include "bench/address_probe.h"
#include "bench/by_hand.h"
#include "bench/footprint.h"
#include "lab/aftermath.h"
#include "lab/client.h"
#include "lab/host.h"
#include "lab/journal.h"
#include "lab/network.h"
#include "lab/pair.h"
#include "lab/world.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <thread>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr Duration patience = 60s;
// Between two runs. The client's kernel asks 5 s after an address has moved whether it is still there, and ignores
// every announcement within a second of the answer: a run must not begin just then.
constexpr Duration settle = 8s;
constexpr unsigned lossPercent = 20;

// Takes the lab down whatever happens.
struct TakenDownAtTheEnd {
    TakenDownAtTheEnd() = default;
    ~TakenDownAtTheEnd() { [[maybe_unused]] const auto down = takeDown(); }
    TakenDownAtTheEnd(const TakenDownAtTheEnd&) = delete;
    TakenDownAtTheEnd& operator=(const TakenDownAtTheEnd&) = delete;
};

Error broken(const std::string& what) {
    printAftermath(stderr); // the lab is taken down right after
    return Error{"measure", "", what, ""};
}

Result<void> wellPair(const UpOptions& up) {
    if (auto built = bringUp(up); !built) return built;
    for (const char* host : hostNames)
        if (auto answers = waitForService(host, patience); !answers) return answers;
    if (auto together = waitForEachOther(Instant(), patience); !together) return together;
    if (!waitForLine("alpha", Instant(), "group_active", patience, groupName))
        return broken("the group is not active on alpha");
    return {};
}

Result<void> backAgain(const std::string& host) {
    const Instant on = monotonicNow();
    if (auto powered = powerOn(host); !powered) return powered;
    if (auto answers = waitForService(host, patience); !answers) return answers;
    return waitForEachOther(on, patience);
}

ClientSettings clientOf(const Plan& plan) { return {.fullSpeed = plan.fullLoad}; }

Result<void> checkRows(const Client& client) {
    const auto verdict = client.verify();
    if (!verdict) return verdict.error();
    if (!verdict.value().holds()) return broken("acknowledged rows are missing or stored twice");
    return {};
}

void progress(const char* what, unsigned run, unsigned runs, double value) {
    std::printf("    %s %u/%u: %.1f\n", what, run, runs, value);
    std::fflush(stdout);
}

} // namespace

Result<void> measureByHand(const Plan& plan, Figure& powerOffGap, Figure& plannedGap) {
    const TakenDownAtTheEnd end;
    if (auto built = bringUp({.pair = {.ledger = false}, .service = false}); !built) return built;
    ByHand hand;
    for (const char* host : hostNames)
        if (auto prepared = hand.prepare(host); !prepared) return prepared;
    std::string owner = "alpha";
    if (auto started = hand.start(owner); !started) return started;
    Client client(clientOf(plan));
    if (auto started = client.start(); !started) return started;

    for (unsigned run = 0; run < plan.runs; ++run) {
        if (!client.waitForNewRow(patience)) return broken("the client can't write");
        std::this_thread::sleep_for(settle);
        client.restartGap();
        const std::string heir = otherHost(owner);
        hand.forget(owner);
        if (auto off = powerOff(owner); !off) return off.error();
        if (auto started = hand.start(heir); !started) return started;
        if (!client.waitForNewRow(patience)) return broken("the client can't write after the power-off");
        powerOffGap.add(milliseconds(client.gap().longest));
        progress("by hand, power-off", run + 1, plan.runs, milliseconds(client.gap().longest));
        if (auto on = powerOn(owner); !on) return on;
        if (auto prepared = hand.prepare(owner); !prepared) return prepared;
        owner = heir;
    }
    for (unsigned run = 0; run < plan.runs; ++run) {
        if (!client.waitForNewRow(patience)) return broken("the client can't write");
        std::this_thread::sleep_for(settle);
        client.restartGap();
        const std::string heir = otherHost(owner);
        if (auto stopped = hand.stop(owner); !stopped) return stopped;
        if (auto started = hand.start(heir); !started) return started;
        if (!client.waitForNewRow(patience)) return broken("the client can't write after the switchover");
        plannedGap.add(milliseconds(client.gap().longest));
        progress("by hand, planned", run + 1, plan.runs, milliseconds(client.gap().longest));
        owner = heir;
    }
    return checkRows(client);
}

Result<void> measurePair(const Plan& plan, PairFigures& figures) {
    const TakenDownAtTheEnd end;
    if (auto up = wellPair({.pair = {.profile = "fast", .ledger = false}}); !up) return up;
    std::this_thread::sleep_for(settle);
    if (auto measured = measureFootprint(plan.idleSeconds, figures); !measured) return measured;

    Client client(clientOf(plan));
    if (auto started = client.start(); !started) return started;
    std::string owner = "alpha";
    for (unsigned run = 0; run < plan.runs; ++run) {
        if (!client.waitForNewRow(patience)) return broken("the client can't write");
        std::this_thread::sleep_for(settle);
        if (ownerByAddress() != owner) return broken("the group has left " + owner + " by itself");
        client.restartGap();
        const std::string heir = otherHost(owner);
        const auto off = powerOff(owner);
        if (!off) return off.error();
        if (!waitForLine(heir, off.value(), "group_active", patience, groupName))
            return broken(heir + " did not take over");
        if (!client.waitForNewRow(patience)) return broken("the client can't write after the power-off");
        const auto moments = timeLine(heir, off.value(), groupName);
        const auto find = [&](const char* name) {
            return std::find_if(moments.begin(), moments.end(),
                                [&](const Moment& moment) { return moment.name == name; });
        };
        if (find("last_heartbeat") != moments.end() && find("reservation_won") != moments.end())
            figures.heartbeatToWon.add(milliseconds(find("reservation_won")->at - find("last_heartbeat")->at));
        figures.powerOffGap.add(milliseconds(client.gap().longest));
        progress("power-off", run + 1, plan.runs, milliseconds(client.gap().longest));
        if (auto back = backAgain(owner); !back) return back;
        owner = heir;
    }
    for (unsigned run = 0; run < plan.runs; ++run) {
        std::this_thread::sleep_for(settle);
        if (ownerByAddress() != owner) return broken("the group has left " + owner + " by itself");
        client.restartGap();
        const std::string heir = otherHost(owner);
        const Instant ordered = monotonicNow();
        if (auto switched = dyadOn(owner, {"switchover", groupName}); !switched) return switched.error();
        if (!waitForLine(heir, ordered, "group_active", patience, groupName))
            return broken("the group did not switch over");
        if (!client.waitForNewRow(patience)) return broken("the client can't write after the switchover");
        figures.plannedGap.add(milliseconds(client.gap().longest));
        progress("switchover", run + 1, plan.runs, milliseconds(client.gap().longest));
        owner = heir;
    }
    return checkRows(client);
}

Result<void> measureAddressOnly(const Plan& plan, Figure& gap) {
    const TakenDownAtTheEnd end;
    if (auto up = wellPair({.pair = {.profile = "fast", .addressOnly = true, .ledger = false}}); !up) return up;
    AddressProbe probe;
    if (auto started = probe.start(); !started) return started;
    std::string owner = "alpha";
    for (unsigned run = 0; run < plan.runs; ++run) {
        if (!probe.waitForAnswer(patience)) return broken("the address does not answer");
        std::this_thread::sleep_for(settle);
        if (ownerByAddress() != owner) return broken("the address has left " + owner + " by itself");
        probe.restartGap();
        const auto off = powerOff(owner);
        if (!off) return off.error();
        if (!probe.waitForAnswer(patience)) return broken("the address does not answer after the power-off");
        gap.add(milliseconds(probe.longestGap()));
        progress("address only", run + 1, plan.runs, milliseconds(probe.longestGap()));
        if (auto back = backAgain(owner); !back) return back;
        owner = otherHost(owner);
    }
    return {};
}

Result<void> measureOverload(const Plan& plan, Figure& takeovers, Figure& gap) {
    const TakenDownAtTheEnd end;
    if (auto up = wellPair({.pair = {.profile = "standard", .ledger = false}}); !up) return up;
    Client client(clientOf(plan));
    if (auto started = client.start(); !started) return started;
    if (!client.waitForNewRow(patience)) return broken("the client can't write");
    if (auto lossy =
            interfere({{"alpha-private", "beta-private", lossPercent}, {"beta-private", "alpha-private", lossPercent}});
        !lossy)
        return lossy;
    const Instant began = monotonicNow();
    client.restartGap();
    auto stressed =
        runWell({"stress-ng", "--quiet", "--cpu", "4", "--timeout", std::to_string(plan.overloadSeconds) + "s"},
                {.deadline = std::chrono::seconds(plan.overloadSeconds + 60)});
    if (!stressed) return stressed.error();
    double count = 0;
    for (const char* host : hostNames)
        for (const auto& line : readJournal(host, began))
            count += line.kind == "reservation_won" ? 1 : 0;
    takeovers.add(count);
    gap.add(milliseconds(client.gap().longest));
    return checkRows(client);
}

Findings measureTakeover(const Plan& plan) {
    Findings findings;
    const auto part = [&](const char* name, const std::function<Result<void>()>& measure) {
        if (!plan.only.empty() && std::find(plan.only.begin(), plan.only.end(), name) == plan.only.end()) return;
        std::printf("  %s\n", name);
        std::fflush(stdout);
        if (const auto result = measure(); !result)
            findings.troubles.push_back(std::string(name) + ": " + result.error().text());
    };
    Figure handPowerOff("power-off by hand, nothing to detect: client gap", "ms");
    Figure handPlanned("stop and start by hand: client gap", "ms");
    Figure addressGap("power-off, address only: client gap (fast)", "ms");
    Figure takeovers("takeovers under overload with 20 % loss on one link (standard)", "");
    Figure overloadGap("client gap under that overload", "ms");
    PairFigures pair;
    part("by-hand", [&] { return measureByHand(plan, handPowerOff, handPlanned); });
    part("pair", [&] { return measurePair(plan, pair); });
    part("address-only", [&] { return measureAddressOnly(plan, addressGap); });
    part("overload", [&] { return measureOverload(plan, takeovers, overloadGap); });

    const auto goal = [&](const std::string& words, const Figure& figure, double reached, double limit,
                          const char* unit) {
        if (!figure.empty()) findings.goals.push_back({words, reached, limit, unit});
    };
    goal("last heartbeat to reservation won", pair.heartbeatToWon, pair.heartbeatToWon.median(), 200, "ms");
    if (!handPowerOff.empty())
        goal("client gap after a power-off: 1.3 x (200 ms + by hand)", pair.powerOffGap, pair.powerOffGap.median(),
             1.3 * (200 + handPowerOff.median()), "ms");
    goal("client gap, address only", addressGap, addressGap.median(), 200, "ms");
    if (!handPlanned.empty())
        goal("client gap of a switchover: 1.2 x by hand", pair.plannedGap, pair.plannedGap.median(),
             1.2 * handPlanned.median(), "ms");
    goal("idle processor time of a host", pair.idleCpu, pair.idleCpu.median(), 1, "%");
    goal("dyad-heart resident", pair.heartMemory, pair.heartMemory.maximum(), 8, "MiB");
    goal("dyadd resident", pair.serviceMemory, pair.serviceMemory.maximum(), 40, "MiB");
    goal("false takeovers under overload", takeovers, takeovers.maximum(), 0, "");
    for (const auto* figure :
         {&pair.heartbeatToWon, &handPowerOff, &pair.powerOffGap, &addressGap, &handPlanned, &pair.plannedGap,
          &pair.idleCpu, &pair.heartMemory, &pair.serviceMemory, &pair.lunMemory, &takeovers, &overloadGap})
        if (!figure->empty()) findings.figures.push_back(*figure);
    return findings;
}

} // namespace dyad::bench
