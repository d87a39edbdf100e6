// SPDX-License-Identifier: Apache-2.0
#include "lab/demo.h"

#include "lab/aftermath.h"
#include "lab/demo_steps.h"
#include "lab/host.h"
#include "lab/pair.h"
#include "lab/paths.h"
#include "lab/picture.h"
#include "lab/world.h"

#include <QByteArray>
#include <QJsonArray>
#include <QJsonDocument>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sys/prctl.h>
#include <thread>

namespace dyad::lab {

namespace {

std::atomic<bool> stopAsked = false;
void onSignal(int) { stopAsked = true; }

constexpr Duration startPatience = 60s;

Result<void> raise(const DemoOptions& options, Client& client) {
    UpOptions up;
    up.pair.profile = options.profile;
    if (auto built = bringUp(up); !built) return built;
    for (const char* host : hostNames)
        if (auto answered = waitForService(host, startPatience); !answered) return answered;
    if (auto together = waitForEachOther(Instant(), startPatience); !together) return together;
    if (!waitForOwner("alpha", startPatience))
        return Error{"wait for the group", "erp", "it does not run on alpha after " + toText(startPatience), ""};
    for (const char* group : {groupName, ledgerGroup})
        if (!waitForLine("alpha", Instant(), "group_active", startPatience, group))
            return Error{"wait for the group", group, "it is not active after " + toText(startPatience), ""};
    if (auto started = client.start(); !started) return started;
    if (!client.waitForNewRow(startPatience)) return Error{"wait for the client", "", "no row was acknowledged", ""};
    return {};
}

void printWhatToTry() {
    const std::string lab = programPath("dyad-lab");
    const std::pair<const char*, const char*> tries[] = {
        {"exec alpha dyad status", "the whole truth on one screen"},
        {"exec beta dyad watch", "follow it"},
        {"poweroff beta", "poweron beta lets it boot again"},
        {"freeze alpha 2", "every process stands still for 2 s"},
        {"cut storage beta", "heal mends everything"},
        {"array stop", "array start"},
        {"load 10", "write for 10 s, then read everything back"},
        {"down", "remove everything"},
    };
    std::printf("\nThe pair stays up. Try:\n");
    for (const auto& [words, meaning] : tries)
        std::printf("  %s %-24s %s\n", lab.c_str(), words, meaning);
}

} // namespace

int demoMain(const DemoOptions& options) {
    std::signal(SIGINT, onSignal);
    std::signal(SIGTERM, onSignal);
    std::signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    auto lock = LabLock::take();
    if (!lock) {
        std::cerr << "dyad-lab: " << lock.error().text() << '\n';
        return 1;
    }

    QJsonArray steps;
    bool ok = true;
    std::string trouble;
    {
        Client client({});
        std::printf("Two hosts, one disk array, one database, one customer (profile %s)\n", options.profile.c_str());
        std::fflush(stdout);
        if (auto raised = raise(options, client); !raised) {
            ok = false;
            trouble = raised.error().text();
            std::printf("✗ %s\n", trouble.c_str());
        } else {
            printNote("the pair is up; the client writes at full speed");
        }
        DemoStage stage{client, options.profile, [] { return stopAsked.load(); }};
        unsigned number = 0;
        for (const auto& step : demoSteps()) {
            if (!ok) break;
            printTitle(++number, step.title);
            const StepReport report = playStep(step, stage);
            printVerdict(report);
            steps.append(toJson(report));
            if (number == 1 && !options.picture.empty()) std::ofstream(options.picture) << timeLinePicture(report);
            ok = report.ok() && !stopAsked;
        }
        if (!ok) printAftermath(stdout);
    }
    if (options.keep && !stopAsked) {
        printWhatToTry();
    } else if (auto down = takeDown(); !down) {
        ok = false;
        trouble = down.error().text();
        std::printf("✗ %s\n", trouble.c_str());
    }
    if (ok) std::printf("\n✓ every step held\n");
    if (options.json) {
        QJsonObject object{{"ok", ok}, {"steps", steps}};
        if (!trouble.empty()) object.insert("trouble", QString::fromStdString(trouble));
        std::printf("%s\n", QJsonDocument(object).toJson(QJsonDocument::Compact).constData());
    }
    return ok ? 0 : 1;
}

} // namespace dyad::lab
