// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/command_line.h"

#include "lab/chaos/campaign.h"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

namespace dyad::lab {

namespace {

struct Words {
    std::uint64_t seed = 1;
    unsigned minutes = 5;
    std::string profile = "standard";
    std::vector<std::string> faults;
    std::vector<std::string> planFiles;
    bool json = false;
    bool keepGoing = false;
};

constexpr const char* printPlan = "-"; // --plan without a file
constexpr int maxPlanFiles = 1000;

bool printsPlan(const Words& words) { return words.planFiles == std::vector<std::string>{printPlan}; }
bool playsFiles(const Words& words) { return !words.planFiles.empty() && !printsPlan(words); }

Result<Plan> planIn(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    if (!file) return Error{"read the plan", path, "the file can't be read", ""};
    auto plan = parsePlan(text.str(), path);
    if (plan)
        for (auto& episode : plan.value().episodes)
            episode.plan = std::filesystem::path(path).stem().string();
    return plan;
}

Result<Plan> planOf(const Words& words) {
    if (playsFiles(words)) {
        Plan all;
        for (const auto& path : words.planFiles) {
            auto plan = planIn(path);
            if (!plan) return plan;
            for (auto& episode : plan.value().episodes)
                all.episodes.push_back(std::move(episode));
        }
        return all;
    }
    std::vector<FaultKind> kinds;
    for (const auto& word : words.faults) {
        const auto kind = faultKindOf(word);
        if (!kind) {
            std::string known;
            for (const auto each : allFaultKinds())
                known += std::string(known.empty() ? "" : ", ") + toText(each);
            return Error{"understand --faults", word, "there is no such kind of fault", "There are: " + known};
        }
        kinds.push_back(*kind);
    }
    return drawPlan(words.seed, words.minutes, kinds);
}

int chaosMain(const Words& words) {
    auto plan = planOf(words);
    if (!plan) {
        std::cerr << "dyad-lab: " << plan.error().text() << '\n';
        return 2;
    }
    if (printsPlan(words)) {
        std::cout << toText(plan.value());
        return 0;
    }
    CampaignOptions options;
    options.plan = std::move(plan).value();
    options.seed = playsFiles(words) ? 0 : words.seed;
    options.minutes = playsFiles(words) ? 0 : words.minutes;
    options.profile = words.profile;
    options.json = words.json;
    options.keepGoing = words.keepGoing;
    return campaignMain(options);
}

} // namespace

void addChaosCommand(CLI::App& app, int& status) {
    const auto words = std::make_shared<Words>();
    auto* command = app.add_subcommand("chaos", "random faults under load; the history is checked");
    command->add_option("--seed", words->seed, "what the plan of faults is drawn from")->capture_default_str();
    command->add_option("--minutes", words->minutes, "how long")
        ->capture_default_str()
        ->check(CLI::Range(1U, maxMinutes));
    command->add_option("--profile", words->profile, "fast, standard or relaxed")
        ->capture_default_str()
        ->check(CLI::IsMember({"fast", "standard", "relaxed"}));
    command->add_option("--faults", words->faults, "only these kinds: power_off,links_cut,...")->delimiter(',');
    command
        ->add_option("--plan", words->planFiles,
                     "with files: play the plans in them, one after the other; without: print the plan and end")
        ->expected(0, maxPlanFiles)
        ->default_str(printPlan);
    command->add_flag("--json", words->json, "one JSON object per fault, the last line is the summary");
    command->add_flag("--keep-going", words->keepGoing, "go on after an episode that failed");
    command->callback([words, command, &status] {
        if (command->count("--plan") > 0 && words->planFiles.empty()) words->planFiles = {printPlan};
        status = chaosMain(*words);
    });
}

} // namespace dyad::lab
