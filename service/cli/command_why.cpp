// SPDX-License-Identifier: Apache-2.0
// dyad why: the story of an incident, from both nodes.
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/pair_history.h"
#include "cli/why_text.h"

#include <CLI/CLI.hpp>

namespace dyad::cli {
namespace {

struct WhyOptions {
    std::string incident;
    bool list = false;
    std::string group;
    unsigned last = 20;
};

int why(const Arguments& arguments, const WhyOptions& options, const Access& access) {
    BothNodes nodes(access);
    std::vector<recorder::NodeTale> tales = fetchTales(nodes);
    if (std::none_of(tales.begin(), tales.end(), [](const auto& tale) { return tale.answered; }))
        return reportSilence(tales, arguments.json);
    std::vector<recorder::MergedIncident> incidents = recorder::mergeIncidents(tales);
    if (!options.group.empty())
        std::erase_if(incidents, [&](const auto& each) {
            return !each.primary.group.empty() && each.primary.group != options.group;
        });
    if (options.list) {
        if (incidents.size() > options.last) incidents.resize(options.last);
        if (arguments.json)
            printJson(incidentListJson(incidents, tales));
        else
            print(incidentListText(incidents, tales, Paint::forStandardOutput()));
        return exit_code::ok;
    }
    const recorder::MergedIncident* incident =
        options.incident.empty() ? recorder::latestOf(incidents) : recorder::findIncident(incidents, options.incident);
    if (!incident) {
        const std::string wanted = options.incident.empty() ? "" : " called \"" + options.incident + "\"";
        complain("there is no incident" + wanted + " that is remembered; `dyad why --list` has them all");
        return exit_code::failed;
    }
    fetchEntries(nodes, *incident, tales);
    const recorder::Story story = recorder::tellStory(tales, *incident);
    if (arguments.json)
        printJson(storyJson(story));
    else
        print(storyText(story, Paint::forStandardOutput()));
    return exit_code::ok;
}

} // namespace

void addWhy(CLI::App& app, CommandLine& line) {
    CLI::App* sub = app.add_subcommand("why", "Why a group moved, or did not: one incident, told by both nodes");
    const auto options = std::make_shared<WhyOptions>();
    sub->add_option("INCIDENT", options->incident, "As --list calls it, \"beta-12\" (default: the latest)");
    sub->add_flag("--list,-l", options->list, "Only list what has happened");
    sub->add_option("--group", options->group, "Only incidents of this group");
    sub->add_option("--last,-n", options->last, "How many to list")->capture_default_str();
    sub->callback([&line, options] {
        line.run = [&line, options] {
            return withService(line.arguments,
                               [&](const Access& access) { return why(line.arguments, *options, access); });
        };
    });
}

} // namespace dyad::cli
