// SPDX-License-Identifier: Apache-2.0
#include "bench/death.h"

#include "lab/aftermath.h"
#include "lab/host.h"
#include "lab/journal.h"
#include "lab/mariadb.h"
#include "lab/pair.h"
#include "lab/world.h"

#include <csignal>
#include <cstdio>
#include <thread>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr Duration deathPatience = 60s;
constexpr const char* deathHost = "alpha";
// A failure is forgotten before the next run, else the third would move the group.
constexpr unsigned forgottenAfterSeconds = 1;
constexpr Duration betweenDeaths = 2s;
constexpr double noticedWithinMs = 50;

struct Database {
    const char* name;
    const char* resource;
    const char* program;
};
constexpr Database databases[] = {{"PostgreSQL", "db", "postgres"}, {"MariaDB", mariadbResource, "mariadbd"}};

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

Result<void> killOften(const Database& database, unsigned runs, Figure& noticed, Figure& ready) {
    for (unsigned run = 0; run < runs; ++run) {
        std::this_thread::sleep_for(betweenDeaths);
        const pid_t process = oldestInHost(deathHost, database.program);
        if (process == 0) return notMeasured(std::string("no ") + database.name + " runs");
        const Instant at = monotonicNow();
        if (kill(process, SIGKILL) != 0) return notMeasured("the database was gone already");
        const auto failed = waitForLine(deathHost, at, "resource_failed", deathPatience, groupName, database.resource);
        if (!failed) return notMeasured("the death was not noticed");
        const auto running =
            waitForLine(deathHost, at, "resource_running", deathPatience, groupName, database.resource);
        if (!running || !waitForLine(deathHost, at, "group_active", deathPatience, groupName))
            return notMeasured("the database did not come back");
        noticed.add(milliseconds(failed->at - at));
        ready.add(milliseconds(running->at - at));
        std::printf("    %s %u/%u: noticed after %.1f ms\n", database.name, run + 1, runs,
                    milliseconds(failed->at - at));
        std::fflush(stdout);
    }
    return {};
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

    const std::string window = "restart_window_s = " + std::to_string(forgottenAfterSeconds) + "\n";
    if (auto added = addMariadb(deathHost, window); !added) return added.error();

    DeathFindings findings;
    for (const Database& database : databases) {
        const std::string words = std::string(database.name) + " process killed: until the service knows";
        Figure noticed(words, "ms");
        Figure ready(std::string(database.name) + " process killed: until it is ready again", "ms");
        if (auto done = killOften(database, runs, noticed, ready); !done) return done.error();
        findings.goals.push_back({words, noticed.maximum(), noticedWithinMs, "ms"});
        findings.figures.push_back(noticed);
        findings.figures.push_back(ready);
    }
    return findings;
}

} // namespace dyad::bench
