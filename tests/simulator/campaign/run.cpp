// SPDX-License-Identifier: Apache-2.0
#include "campaign/run.h"

#include "campaign/campaign.h"
#include "campaign/child.h"
#include "campaign/digests.h"
#include "campaign/regressions.h"
#include "campaign/report.h"
#include "campaign/shrink.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sched.h>

namespace dyad::simulator {

namespace {

// Of each rule that broke only the first failure is shrunk, and no more than so many.
constexpr std::size_t maxShrunk = 6;

int usageError(const Error& error) {
    std::fprintf(stderr, "dyad-sim: %s\n", error.text().c_str());
    return exitUsage;
}

unsigned cores() {
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<unsigned>(CPU_COUNT(&set)) : 1;
}

std::string saved(const std::string& folder, const Plan& plan, const Failure& failure) {
    const std::string file = folder + "/seed-" + std::to_string(plan.seed) + ".txt";
    std::ofstream out(file);
    out << asRegression(plan, "(one sentence on the bug) " + failure.checker + ": " + failure.what);
    if (out.flush()) return file;
    std::printf("%s can't be written\n", file.c_str());
    return {};
}

void shrinkAndTell(const Lives& lives, const Plan& plan, const Failure& failure, const std::string& folder,
                   Duration wallDeadline) {
    ShrinkSetup setup;
    setup.lifeDeadline = wallDeadline;
    if (failure.checker == "hang") setup.wallBudget = 10 * wallDeadline; // each trial costs the whole deadline
    const Shrunk shrunk = shrink(lives, plan, failure, setup);
    const std::string file = folder.empty() ? std::string() : saved(folder, shrunk.plan, shrunk.failure);
    std::printf("%s", inWords(shrunk, plan.faults.size(), file).c_str());
    std::fflush(stdout);
}

// The first failure of each kind, the worst kinds first.
std::vector<Failure> worthShrinking(const std::vector<Failure>& failures) {
    std::vector<Failure> firsts;
    for (const Failure& failure : failures)
        if (std::none_of(firsts.begin(), firsts.end(), [&](const Failure& each) { return each.sameAs(failure); }))
            firsts.push_back(failure);
    std::stable_sort(firsts.begin(), firsts.end(),
                     [](const Failure& a, const Failure& b) { return a.ending > b.ending; });
    if (firsts.size() > maxShrunk) firsts.resize(maxShrunk);
    return firsts;
}

int runCampaign(const Arguments& arguments, const Lives& lives, Duration wallDeadline) {
    CampaignSetup setup;
    setup.first = arguments.first;
    setup.seeds = arguments.seeds;
    setup.seconds = arguments.seconds;
    setup.jobs = arguments.jobs;
    setup.wallDeadline = wallDeadline;
    if (arguments.stop) setup.maxFailures = 1;
    setup.progress = stderr;
    setup.onFailure = [](const Failure& failure) {
        std::printf("%s", inWords(failure).c_str());
        std::fflush(stdout);
    };
    const Result<CampaignResult> result = runCampaign(lives, setup);
    if (!result) {
        std::fprintf(stderr, "dyad-sim: %s\n", result.error().text().c_str());
        return exitStatusOf(Ending::Crash);
    }
    if (!arguments.stop)
        for (const Failure& failure : worthShrinking(result.value().failures)) {
            std::printf("\n%s", inWords(failure).c_str());
            shrinkAndTell(lives, lives.draw(failure.seed), failure, arguments.save, wallDeadline);
        }
    std::printf("%s", inWords(result.value()).c_str());
    if (arguments.json) std::printf("%s\n", toJson(result.value()).c_str());
    return exitStatusOf(result.value().worst());
}

Result<Plan> planOf(const Arguments& arguments, const Lives& lives) {
    if (arguments.seed) return lives.draw(*arguments.seed);
    return readPlan(arguments.planFile);
}

int runOneLife(const Arguments& arguments, const Lives& lives, Duration wallDeadline) {
    const Result<Plan> plan = planOf(arguments, lives);
    if (!plan) return usageError(plan.error());
    if (arguments.plan) {
        std::printf("%s", asRegression(plan.value(),
                                       "what will happen in the life of seed " + std::to_string(plan.value().seed))
                              .c_str());
        return exitClean;
    }
    if (arguments.trace || arguments.digest) {
        // In this very process: a crash shows itself, and a debugger can look at it.
        StoryPrinter printer(stdout);
        const Verdict verdict = lives.live(plan.value(), arguments.trace ? &printer : nullptr);
        if (arguments.digest) std::printf("%016" PRIx64 "\n", verdict.digest);
        if (verdict.kind != Verdict::Kind::Clean || arguments.trace)
            std::printf("%s", verdict.kind == Verdict::Kind::Clean
                                  ? "clean\n"
                                  : (std::string(toText(endingOf(verdict.kind))) + ": " + verdict.checker + ": " +
                                     verdict.what + "\n")
                                        .c_str());
        return exitStatusOf(endingOf(verdict.kind));
    }
    const Failure failure = liveInChild(lives, plan.value(), wallDeadline);
    if (failure.ending == Ending::Clean) {
        std::printf("seed %" PRIu64 "\nclean: %zu faults\n", plan.value().seed, plan.value().faults.size());
        return exitClean;
    }
    std::printf("%s", inWords(failure).c_str());
    shrinkAndTell(lives, plan.value(), failure, arguments.save, wallDeadline);
    return exitStatusOf(failure.ending);
}

int runDigests(const Arguments& arguments, const Lives& lives) {
    if (arguments.rewrite) {
        const Result<void> written = rewriteDigests(arguments.digests, lives);
        return written ? exitClean : usageError(written.error());
    }
    const Result<int> status = checkDigests(arguments.digests, lives);
    return status ? status.value() : usageError(status.error());
}

} // namespace

int run(const std::vector<std::string>& words, const Lives& lives, Duration wallDeadline) {
    const Result<Arguments> arguments = parseArguments(words, cores());
    if (!arguments) return usageError(arguments.error());
    switch (arguments.value().what) {
    case Arguments::What::Help: std::printf("%s", usage()); return exitClean;
    case Arguments::What::Campaign: return runCampaign(arguments.value(), lives, wallDeadline);
    case Arguments::What::OneLife: return runOneLife(arguments.value(), lives, wallDeadline);
    case Arguments::What::Digests: return runDigests(arguments.value(), lives);
    case Arguments::What::Regressions: break;
    }
    const Result<Ending> worst = playRegressions(arguments.value().regressions, lives, wallDeadline);
    return worst ? exitStatusOf(worst.value()) : usageError(worst.error());
}

} // namespace dyad::simulator
