// SPDX-License-Identifier: Apache-2.0
// dyad-bench: the figures, measured on the lab. None of them decides whether a test passes.
#include "bench/abuse.h"
#include "bench/death.h"
#include "bench/pool.h"
#include "bench/recorder.h"
#include "bench/takeover.h"
#include "lab/world.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QJsonDocument>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sys/prctl.h>

namespace {

using namespace dyad;
using namespace dyad::bench;

template <typename Found>
int tell(const Result<Found>& findings, const std::string& jsonFile) {
    if (!findings) {
        std::cerr << "dyad-bench: " << findings.error().text() << '\n';
        return 1;
    }
    QJsonArray figures;
    QJsonArray goals;
    for (const auto& figure : findings.value().figures) {
        figure.print();
        figures.append(figure.json());
    }
    for (const auto& goal : findings.value().goals) {
        goal.print();
        goals.append(goal.json());
    }
    if (!jsonFile.empty())
        std::ofstream(jsonFile)
            << QJsonDocument(QJsonObject{{"figures", figures}, {"goals", goals}}).toJson().toStdString();
    return 0;
}

int abuse(const AbusePlan& plan, const std::string& jsonFile) {
    auto lock = lab::LabLock::take();
    if (!lock) {
        std::cerr << "dyad-bench: " << lock.error().text() << '\n';
        return 1;
    }
    return tell(measureAbuse(plan), jsonFile);
}

int death(unsigned runs, const std::string& jsonFile) {
    auto lock = lab::LabLock::take();
    if (!lock) {
        std::cerr << "dyad-bench: " << lock.error().text() << '\n';
        return 1;
    }
    return tell(measureDeath(runs), jsonFile);
}

int pool(const PoolPlan& plan, const std::string& jsonFile) {
    auto lock = lab::LabLock::take();
    if (!lock) {
        std::cerr << "dyad-bench: " << lock.error().text() << '\n';
        return 1;
    }
    return tell(measurePool(plan), jsonFile);
}

int takeover(const Plan& plan, const std::string& jsonFile) {
    auto lock = lab::LabLock::take();
    if (!lock) {
        std::cerr << "dyad-bench: " << lock.error().text() << '\n';
        return 1;
    }
    const Findings findings = measureTakeover(plan);
    std::printf("\nFigures (%s load)\n", plan.fullLoad ? "full" : "light");
    QJsonArray figures;
    for (const auto& figure : findings.figures) {
        figure.print();
        figures.append(figure.json());
    }
    std::printf("\nGoals\n");
    QJsonArray goals;
    for (const auto& goal : findings.goals) {
        goal.print();
        goals.append(goal.json());
    }
    QJsonArray troubles;
    for (const auto& trouble : findings.troubles) {
        std::printf("  ✗ not measured: %s\n", trouble.c_str());
        troubles.append(QString::fromStdString(trouble));
    }
    if (!jsonFile.empty()) {
        const QJsonObject object{{"figures", figures}, {"goals", goals}, {"not_measured", troubles}};
        std::ofstream(jsonFile) << QJsonDocument(object).toJson().toStdString();
        std::printf("\nwritten to %s\n", jsonFile.c_str());
    }
    return findings.troubles.empty() ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
    std::signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    CLI::App app{"Measures Dyad on the lab. Needs root."};
    app.require_subcommand(1);
    Plan plan;
    std::string jsonFile;
    int status = 0;
    auto* command = app.add_subcommand("takeover", "detection, takeover, switchover, footprint, false takeovers");
    command->add_option("--runs", plan.runs, "of each measurement")->check(CLI::Range(1, 1000))->capture_default_str();
    command->add_flag("--full-load", plan.fullLoad, "the client writes as fast as it can, instead of a row every 5 ms");
    command->add_option("--overload-seconds", plan.overloadSeconds)->check(CLI::Range(1, 86400))->capture_default_str();
    command->add_option("--only", plan.only, "some parts of it, separated by commas")
        ->delimiter(',')
        ->check(CLI::IsMember({partNames[0], partNames[1], partNames[2], partNames[3]}));
    command->add_option("--json", jsonFile, "write everything there, too");
    command->callback([&] { status = takeover(plan, jsonFile); });
    auto* flight = app.add_subcommand("recorder", "what the flight recorder costs per event");
    unsigned flightRuns = 20;
    flight->add_option("--runs", flightRuns)->check(CLI::Range(1, 1000))->capture_default_str();
    flight->add_option("--json", jsonFile, "write everything there, too");
    flight->callback([&] { status = tell(measureRecorder(flightRuns), jsonFile); });
    auto* abused = app.add_subcommand("abuse", "what the heartbeats say to clients that nobody wants");
    AbusePlan abusePlan;
    abused->add_option("--seconds", abusePlan.seconds, "of each measurement")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    abused->add_option("--json", jsonFile, "write everything there, too");
    abused->callback([&] { status = abuse(abusePlan, jsonFile); });
    auto* killed = app.add_subcommand("death", "how soon the service knows that its database was killed");
    unsigned deathRuns = 20;
    killed->add_option("--runs", deathRuns)->check(CLI::Range(1, 1000))->capture_default_str();
    killed->add_option("--json", jsonFile, "write everything there, too");
    killed->callback([&] { status = death(deathRuns, jsonFile); });
    auto* pooled = app.add_subcommand("pool", "requests lost when one of four servers of a pool is killed");
    PoolPlan poolPlan;
    pooled->add_option("--runs", poolPlan.runs)->check(CLI::Range(1, 1000))->capture_default_str();
    pooled->add_option("--clients", poolPlan.clients)->check(CLI::Range(1, 64))->capture_default_str();
    pooled->add_option("--json", jsonFile, "write everything there, too");
    pooled->callback([&] { status = pool(poolPlan, jsonFile); });
    CLI11_PARSE(app, count, words);
    return status;
}
