// SPDX-License-Identifier: Apache-2.0
#include "bench/abuse.h"

#include "lab/abuse/abusers.h"
#include "lab/abuse/heartbeat_tap.h"
#include "lab/client.h"
#include "lab/host.h"
#include "lab/journal.h"
#include "lab/network.h"
#include "lab/pair.h"
#include "lab/world.h"

#include <QJsonDocument>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <thread>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr const char* victim = "alpha"; // the owner: its heart must go on whatever its control server bears
constexpr const char* witness = "beta";
constexpr const char* victimAddress = "10.77.0.1"; // on the public link, where the client is
constexpr std::uint16_t controlPort = 7410;
constexpr Duration abusePatience = 60s;

struct DownAtTheEnd {
    ~DownAtTheEnd() {
        if (auto down = takeDown(); !down) std::fprintf(stderr, "%s\n", down.error().text().c_str());
    }
};

double residentMiB(const std::string& host, const char* program) {
    double most = 0;
    for (const pid_t pid : findInHost(host, program)) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/status");
        for (std::string word; file >> word;)
            if (double kibibytes = 0; word == "VmRSS:" && file >> kibibytes) most = std::max(most, kibibytes / 1024);
    }
    return most;
}

// Takeovers, lost leases and suspicions that either host has written since.
unsigned disturbances(Instant since, const char* kind) {
    unsigned count = 0;
    for (const char* host : hostNames)
        for (const JournalLine& line : readJournal(host, since))
            if (line.kind == kind) ++count;
    return count;
}

struct Round {
    Jitter jitter;
    double memoryMiB = 0;
};

Result<Round> round(const std::string& name, const std::vector<Abuse>& kinds, const std::string& token,
                    unsigned seconds) {
    std::unique_ptr<Abusers> abusers;
    if (!kinds.empty()) {
        abusers = std::make_unique<Abusers>(victimAddress, controlPort, token, kinds);
        std::this_thread::sleep_for(2s); // until it is in full swing
    }
    const Result<Jitter> jitter = listenToHeartbeats(witness, std::chrono::seconds(seconds));
    if (!jitter) return jitter.error();
    const Round found{jitter.value(), residentMiB(victim, "dyadd")};
    std::printf(
        "  %-26s jitter mean %.3f ms, p99 %.3f ms, worst %.3f ms over %zu heartbeats every %.1f ms; dyadd %.1f MiB\n",
        name.c_str(), found.jitter.meanMs, found.jitter.p99Ms, found.jitter.worstMs, found.jitter.heartbeats,
        found.jitter.intervalMs, found.memoryMiB);
    for (const Abuse kind : kinds) {
        const AbuseCounts& counts = abusers->counts(kind);
        std::printf("    %-24s %llu connections, %llu requests, %llu MB sent\n", toText(kind),
                    static_cast<unsigned long long>(counts.connections.load()),
                    static_cast<unsigned long long>(counts.requests.load()),
                    static_cast<unsigned long long>(counts.megabytes.load()));
        if (counts.connections.load() == 0) return Error{"abuse", name, "not one connection came about", ""};
    }
    std::fflush(stdout);
    return found;
}

} // namespace

Result<AbuseFindings> measureAbuse(const AbusePlan& plan) {
    const DownAtTheEnd end;
    if (auto up = bringUp({.pair = {.profile = "fast", .ledger = false}}); !up) return up.error();
    for (const char* host : hostNames)
        if (auto answers = waitForService(host, abusePatience); !answers) return answers.error();
    if (!waitForLine(victim, Instant(), "group_active", abusePatience, groupName))
        return Error{"wait for the group", groupName, std::string("not active on ") + victim, ""};
    auto made = dyadOn(victim, {"token", "add", "abuser", "operator", "--json"});
    if (!made) return made.error();
    const std::string token =
        QJsonDocument::fromJson(QByteArray::fromStdString(made.value()))["token"].toString().toStdString();
    Client client({.loadConnections = 1});
    if (auto started = client.start(); !started) return started.error();
    if (!client.waitForNewRow(abusePatience))
        return Error{"write", "through the floating address", "no row came through", ""};
    std::this_thread::sleep_for(3s); // the pair has settled

    const Instant began = monotonicNow();
    AbuseFindings findings;
    Figure mean("heartbeat jitter at the peer, mean, idle", "ms");
    Figure p99("heartbeat jitter at the peer, p99, idle", "ms");
    Figure meanAbused("heartbeat jitter at the peer, mean, under all abuse", "ms");
    Figure p99Abused("heartbeat jitter at the peer, p99, under all abuse", "ms");
    Figure memory("dyadd, idle", "MiB");
    Figure memoryAbused("dyadd, under all abuse", "MiB");

    std::printf("Abuse of the control server of %s, seen from %s\n", victim, witness);
    const auto idle = [&](const char* name) -> Result<void> {
        const Result<Round> found = round(name, {}, token, plan.seconds);
        if (!found) return found.error();
        mean.add(found.value().jitter.meanMs);
        p99.add(found.value().jitter.p99Ms);
        return {};
    };
    if (auto before = idle("idle, before"); !before) return before.error();
    memory.add(residentMiB(victim, "dyadd"));
    for (const Abuse kind : allAbuses) {
        const Result<Round> alone = round(toText(kind), {kind}, token, plan.seconds);
        if (!alone) return alone.error();
    }
    for (int i = 0; i < 3; ++i) {
        const Result<Round> all =
            round("all at once", {std::begin(allAbuses), std::end(allAbuses)}, token, plan.seconds);
        if (!all) return all.error();
        meanAbused.add(all.value().jitter.meanMs);
        p99Abused.add(all.value().jitter.p99Ms);
        memoryAbused.add(all.value().memoryMiB);
        if (auto between = idle("idle, between"); !between) return between.error();
    }
    const auto answers = waitForService(victim, abusePatience);
    if (!answers) return answers.error();
    if (!client.waitForNewRow(abusePatience)) return Error{"write", "after the abuse", "no row came through", ""};
    const auto verdict = client.verify();
    if (!verdict) return verdict.error();
    if (!verdict.value().holds()) return Error{"read the rows back", "", "acknowledged rows are missing", ""};

    const auto goal = [&](const char* what, double reached, double limit, const char* unit) {
        findings.goals.push_back({what, reached, limit, unit});
    };
    goal("mean jitter under all abuse, at most twice the idle one", meanAbused.median(), 2 * mean.median(), "ms");
    goal("p99 jitter under all abuse, at most twice the idle one", p99Abused.median(), 2 * p99.median(), "ms");
    goal("takeovers during the abuse", disturbances(began, "reservation_won"), 0, "");
    goal("leases lost during the abuse", disturbances(began, "lease_lost"), 0, "");
    goal("suspicions during the abuse", disturbances(began, "peer_suspect"), 0, "");
    goal("memory of dyadd under all abuse, at most 40 MiB", memoryAbused.maximum(), 40, "MiB");
    Figure gap("longest gap of the client that writes, over all of it", "ms");
    gap.add(milliseconds(client.gap().longest));
    for (Figure* figure : {&mean, &p99, &meanAbused, &p99Abused, &memory, &memoryAbused, &gap})
        findings.figures.push_back(std::move(*figure));
    return findings;
}

} // namespace dyad::bench
