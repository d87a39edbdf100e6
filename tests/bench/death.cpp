// SPDX-License-Identifier: Apache-2.0
#include "bench/death.h"

#include "lab/aftermath.h"
#include "lab/host.h"
#include "lab/journal.h"
#include "lab/pair.h"
#include "lab/world.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <thread>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr Duration deathPatience = 60s;
constexpr const char* deathHost = "alpha";
constexpr const char* databaseResource = "db";
// A failure is forgotten before the next run, else the third would move the group.
constexpr unsigned forgottenAfterSeconds = 1;
constexpr Duration betweenDeaths = 2s;
constexpr double noticedWithinMs = 50;

struct LabTakenDown {
    LabTakenDown() = default;
    ~LabTakenDown() {
        if (auto down = takeDown(); !down) std::fprintf(stderr, "%s\n", down.error().text().c_str());
    }
    LabTakenDown(const LabTakenDown&) = delete;
    LabTakenDown& operator=(const LabTakenDown&) = delete;
};

Error notMeasured(const std::string& what) {
    printAftermath(stderr); // the lab is taken down right after
    return Error{"measure", deathHost, what, ""};
}

} // namespace

Result<DeathFindings> measureDeath(unsigned runs) {
    const LabTakenDown end;
    PairSettings pair{.profile = "standard", .ledger = false};
    pair.restartWindowSeconds = forgottenAfterSeconds;
    if (auto up = bringUp({.pair = pair}); !up) return up.error();
    for (const char* host : hostNames)
        if (auto answers = waitForService(host, deathPatience); !answers) return answers.error();
    if (!waitForLine(deathHost, Instant(), "group_active", deathPatience, groupName))
        return notMeasured("the group is not active");

    Figure noticed("database process killed: until the service knows", "ms");
    Figure ready("database process killed: until it is ready again", "ms");
    for (unsigned run = 0; run < runs; ++run) {
        std::this_thread::sleep_for(betweenDeaths);
        const auto processes = findInHost(deathHost, "postgres");
        if (processes.empty()) return notMeasured("no database runs");
        const Instant at = monotonicNow();
        if (kill(*std::min_element(processes.begin(), processes.end()), SIGKILL) != 0)
            return notMeasured("the database was gone already");
        const auto failed = waitForLine(deathHost, at, "resource_failed", deathPatience, groupName, databaseResource);
        if (!failed) return notMeasured("the death was not noticed");
        const auto running = waitForLine(deathHost, at, "resource_running", deathPatience, groupName, databaseResource);
        if (!running || !waitForLine(deathHost, at, "group_active", deathPatience, groupName))
            return notMeasured("the database did not come back");
        noticed.add(milliseconds(failed->at - at));
        ready.add(milliseconds(running->at - at));
        std::printf("    death %u/%u: noticed after %.1f ms\n", run + 1, runs, milliseconds(failed->at - at));
        std::fflush(stdout);
    }
    DeathFindings findings;
    findings.goals.push_back(
        {"database process killed: until the service knows", noticed.maximum(), noticedWithinMs, "ms"});
    findings.figures = {noticed, ready};
    return findings;
}

} // namespace dyad::bench
