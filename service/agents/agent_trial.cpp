// SPDX-License-Identifier: Apache-2.0
#include "agents/agent_trial.h"

#include <algorithm>
#include <unistd.h>

#include "agents/captured_command.h"
#include "agents/child_environment.h"
#include "platform/linux/bounded_run.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/process_sweep.h"

namespace dyad::agents {

namespace {

constexpr std::size_t maxTrialOutput = 256 * 1024;
constexpr const char* trialInstance = "trial";
constexpr int anyRefusal = -1; // any code but 0

// Of no resource and no other trial: no name in a configuration has a space.
std::string trialLabel() { return "trial " + std::to_string(::getpid()); }

struct Planned {
    std::string name;
    std::string action;
    int wanted = 0;
    enum class Parameters { Given, OneMissing, OneWrong } parameters = Parameters::Given;
    bool decides = false; // nothing after it makes sense where it doesn't pass
    bool advisory = false;
};

const model::AgentParameter* needed(const AgentTrial& trial) {
    const auto& all = trial.metadata.parameters;
    const auto found = std::find_if(all.begin(), all.end(), [&](const model::AgentParameter& each) {
        return each.required && !each.defaultValue && trial.settings.parameters.contains(each.name);
    });
    return found == all.end() ? nullptr : &*found;
}

const model::AgentParameter* numeric(const AgentTrial& trial) {
    const auto& all = trial.metadata.parameters;
    const auto found = std::find_if(all.begin(), all.end(), [](const auto& each) { return each.type == "integer"; });
    return found == all.end() ? nullptr : &*found;
}

std::vector<Planned> plan(const AgentTrial& trial) {
    using Parameters = Planned::Parameters;
    std::vector<Planned> steps{
        {"its parameters are valid", "validate-all", 0, Parameters::Given, true},
        {"it doesn't run yet", "monitor", exitNotRunning, Parameters::Given, true},
        {"stop of what doesn't run", "stop", 0},
        {"start", "start", 0, Parameters::Given, true},
        {"monitor", "monitor", 0},
        {"start again", "start", 0},
        {"monitor again", "monitor", 0},
        {"stop", "stop", 0},
        {"it doesn't run any more", "monitor", exitNotRunning},
        {"stop again", "stop", 0},
        {"an action that doesn't exist", "dyad-nonsense", 3, Parameters::Given, false, true},
    };
    if (const auto* each = needed(trial))
        steps.push_back({"without " + each->name, "validate-all", anyRefusal, Parameters::OneMissing});
    if (const auto* each = numeric(trial))
        steps.push_back(
            {"with " + each->name + " = \"rubbish\"", "validate-all", anyRefusal, Parameters::OneWrong, false, true});
    return steps;
}

std::string inWords(int code) {
    const std::string meaning = ocfMeaning(code);
    return "exit code " + std::to_string(code) + (meaning.empty() ? "" : " (" + meaning + ")");
}

TrialStep carryOut(const AgentTrial& trial, const Planned& planned) {
    TrialStep step{.name = planned.name,
                   .expected = planned.wanted == anyRefusal ? "any exit code but 0" : inWords(planned.wanted),
                   .advisory = planned.advisory};
    model::OcfSettings settings = trial.settings;
    if (planned.parameters == Planned::Parameters::OneMissing) settings.parameters.erase(needed(trial)->name);
    if (planned.parameters == Planned::Parameters::OneWrong) settings.parameters[numeric(trial)->name] = "rubbish";
    PlannedCommand command = ocfAction(settings, planned.action, trialInstance, trial.patience, trial.places);
    if (planned.action == "monitor") command.environment["OCF_RESKEY_CRM_meta_interval"] = "0";
    const Instant began = platform::monotonicNow();
    const Result<platform::BoundedEnd> ended =
        platform::runBounded({.command = command.words,
                              .environment = childEnvironment(trialLabel(), nullptr, command.environment),
                              .output = platform::ChildSetup::Output::Capture},
                             trial.patience, maxTrialOutput);
    step.took = platform::monotonicNow() - began;
    if (!ended) {
        step.got = ended.error().text();
        return step;
    }
    const platform::BoundedEnd& end = ended.value();
    step.output = lastLines(end.output);
    if (!end.inTime)
        step.got = "no answer in " + toText(trial.patience);
    else if (end.cut)
        step.got = "more than " + std::to_string(maxTrialOutput / 1024) + " KiB of output";
    else if (end.end.signalled)
        step.got = end.end.text();
    else {
        step.got = inWords(end.end.code);
        step.passed = planned.wanted == anyRefusal ? end.end.code != 0 : end.end.code == planned.wanted;
    }
    return step;
}

TrialStep nothingLeft() {
    TrialStep step{.name = "nothing is left behind", .expected = "no process"};
    platform::ProcessTraits traits;
    traits.environmentMark = markOf(trialLabel());
    const auto found = platform::findProcesses(traits);
    if (!found) {
        step.got = found.error().text();
        return step;
    }
    step.passed = found.value().empty();
    step.got = step.passed ? step.expected : std::to_string(found.value().size()) + " processes, killed now";
    platform::killAll(found.value());
    return step;
}

} // namespace

std::vector<std::string> trialSteps(const AgentTrial& trial) {
    std::vector<std::string> names;
    for (const Planned& each : plan(trial))
        names.push_back(each.name);
    names.push_back("nothing is left behind");
    return names;
}

std::vector<TrialStep> tryAgent(const AgentTrial& trial) {
    std::vector<TrialStep> steps;
    const auto keep = [&](TrialStep step) {
        if (trial.onStep) trial.onStep(step);
        steps.push_back(std::move(step));
    };
    bool started = false;
    for (const Planned& each : plan(trial)) {
        if (trial.onBegin) trial.onBegin(each.name);
        TrialStep step = carryOut(trial, each);
        const bool goesOn = step.passed || !each.decides;
        started = started || each.action == "start";
        keep(std::move(step));
        if (goesOn && !(trial.givenUp && trial.givenUp())) continue;
        if (started) keep(carryOut(trial, {"stop before the end", "stop", 0}));
        break;
    }
    keep(nothingLeft());
    return steps;
}

} // namespace dyad::agents
