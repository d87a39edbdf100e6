// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/campaign.h"

#include "lab/chaos/appender.h"
#include "lab/chaos/stage.h"
#include "lab/world.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <sys/prctl.h>

namespace dyad::lab {

namespace {

std::atomic<bool> stopAsked = false;
void onSignal(int) { stopAsked = true; }

void play(const CampaignOptions& options, CampaignReport& report) {
    Stage stage(options.plan, options.profile, [] { return stopAsked.load(); });
    if (auto raised = stage.raise(); !raised) {
        report.problems.push_back(raised.error().text());
        report.evidence = stage.keepEvidence(report.seed, 0, report.problems);
        return;
    }
    if (!options.json)
        std::printf("%zu episodes, profile %s; the pair is up and both customers write\n", options.plan.episodes.size(),
                    options.profile.c_str());
    std::fflush(stdout);
    const Instant until = options.minutes > 0 ? stage.began() + std::chrono::minutes(options.minutes) : Instant();
    for (std::size_t i = 0; i < options.plan.episodes.size() && !stopAsked; ++i) {
        if (until != Instant() && monotonicNow() >= until) break;
        const EpisodeReport episode = stage.play(i);
        if (stopAsked) break; // what was cut short proves nothing
        printEpisode(episode, options.json);
        stage.add(episode, report);
        if (episode.ok()) continue;
        report.evidence = stage.keepEvidence(report.seed, i + 1, episode.problems);
        if (!options.keepGoing || !stage.mend()) break;
    }
    if (stopAsked) {
        report.problems.emplace_back("interrupted: nothing is proven");
        return;
    }
    stage.judge(report);
    if (!report.ok() && report.evidence.empty()) report.evidence = stage.keepEvidence(report.seed, 0, report.problems);
}

} // namespace

int campaignMain(const CampaignOptions& options) {
    std::signal(SIGINT, onSignal);
    std::signal(SIGTERM, onSignal);
    std::signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    auto lock = LabLock::take();
    if (!lock) {
        std::cerr << "dyad-lab: " << lock.error().text() << '\n';
        return 1;
    }
    CampaignReport report;
    report.seed = options.seed;
    report.minutes = options.minutes;
    play(options, report);
    if (auto down = takeDown(); !down) report.problems.push_back(down.error().text());
    printSummary(report, options.json);
    return report.ok() ? 0 : 1;
}

} // namespace dyad::lab
