// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "cli/exit_codes.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace dyad::cli {
namespace {

constexpr const char* description = "dyad: shows and moves the groups that the two hosts keep running\n"
                                    "Start with `dyad status`.\n";
constexpr const char* footer = "\nExit codes:\n"
                               "  0  done\n"
                               "  1  refused by the service, or it went wrong\n"
                               "  2  wrong usage\n"
                               "  3  no service could be reached\n"
                               "  4  the configuration is not valid\n"
                               "  5  the recording is damaged and was replayed up to the damage\n"
                               "\n`dyad COMMAND --help` tells more. NO_COLOR in the environment turns colours off.";

void addServiceOptions(CLI::App& app, Arguments& arguments) {
    const char* group = "Where the service is";
    app.add_option("--node", arguments.viaNode, "Ask this node first (default: the one with this host's name)")
        ->group(group);
    app.add_option("--url", arguments.urls, "Ask here instead, https://ADDRESS:PORT; may be given several times")
        ->group(group);
    app.add_option("--token-file", arguments.tokenFile, "File with the token to show")
        ->group(group)
        ->capture_default_str();
    app.add_option("--certificate", arguments.certificate, "The one certificate to trust (PEM)")
        ->group(group)
        ->capture_default_str();
    app.add_option("--config", arguments.configuration, "Configuration that names the nodes' addresses")
        ->group(group)
        ->capture_default_str();
}

} // namespace

std::variant<Arguments, int> parseArguments(int argc, char** argv) {
    Arguments arguments;
    CLI::App app{description, "dyad"};
    app.footer(footer);
    app.require_subcommand(1);
    app.fallthrough(); // --json and the service's options may stand behind the command, too
    app.add_flag("--json", arguments.json, "Write JSON for programs");
    addServiceOptions(app, arguments);

    const auto command = [&](CLI::App& parent, const char* name, const char* help, Command value) {
        CLI::App* sub = parent.add_subcommand(name, help);
        sub->callback([&arguments, value] { arguments.command = value; });
        return sub;
    };
    command(app, "status", "One screen: groups, nodes, links, LUNs, alarms", Command::Status);
    command(app, "watch", "The same screen, live (q quits)", Command::Watch);

    std::string group;
    const auto moving = [&](const char* name, const char* help, Command value) {
        CLI::App* sub = command(app, name, help, value);
        sub->add_option("GROUP", arguments.group, "Name of the group")->required();
        sub->add_flag("--no-wait{false}", arguments.wait, "Only give the order, don't follow it to its end");
        sub->add_option("--timeout", arguments.timeoutSeconds,
                        "Seconds to follow it at most; the order goes on after that")
            ->capture_default_str()
            ->check(CLI::Range(1u, 86400u));
    };
    moving("switchover", "Move a group to the other node, in order", Command::Switchover);
    moving("switchback", "Move a group back to its preferred node, in order", Command::Switchback);
    CLI::App* clear =
        command(app, "clear-failure", "Forget a group's failure after the repair, so that it may run again",
                Command::ClearFailure);
    clear->add_option("GROUP", arguments.group, "Name of the group")->required();

    CLI::App* maintenance =
        command(app, "maintenance", "Take a node out of takeovers, or back in", Command::Maintenance);
    std::string onOrOff;
    maintenance->add_option("NODE", arguments.node, "Name of the node")->required();
    maintenance->add_option("on|off", onOrOff, "on: the node takes nothing over")
        ->required()
        ->check(CLI::IsMember({"on", "off"}));

    CLI::App* events = command(app, "events", "What has happened, as the journal tells it", Command::Events);
    events->add_flag("--follow,-f", arguments.follow, "Go on with what happens from now on");
    events->add_option("--after", arguments.after, "Everything after the entry with this sequence (0: all)");
    events->add_option("--last,-n", arguments.last, "So many of the newest entries")->capture_default_str();

    CLI::App* config = app.add_subcommand("config", "The configuration file");
    config->require_subcommand(1);
    config->fallthrough();
    CLI::App* check = command(*config, "check", "Say all that is wrong with a configuration, or that it is good",
                              Command::ConfigCheck);
    check->add_option("FILE", arguments.file, "File to check (default: the one of --config)");

    CLI::App* replay = command(app, "replay", "Run the decisions of a flight recording again, or under other time-outs",
                               Command::Replay);
    replay->add_option("FILE", arguments.recording, "The recording, or a copy of it")->capture_default_str();
    replay->add_option("--from", arguments.from, "Begin with this run: its number, or `last` (default: the oldest)");
    replay->add_option("--until", arguments.until,
                       "End at the number of a step, +SECONDS since the run began, or a time of day 12:34:56.789");
    replay
        ->add_option("--what-if", arguments.whatIf,
                     "Decide again under profile=fast|standard|relaxed, suspect_after_ms=N, lost_after_ms=N, "
                     "challenge_window_ms=N; may be given several times")
        ->delimiter(',');
    replay->add_flag("--steps", arguments.steps, "Tell every step");
    replay->add_flag("--as-scenario", arguments.asScenario,
                     "Write what happened outside as a scenario for the simulator");

    command(app, "version", "Version of this program", Command::Version);

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& stopped) {
        if (stopped.get_exit_code() == 0) { // --help
            app.exit(stopped);
            return exit_code::ok;
        }
        std::cerr << "dyad: " << stopped.what() << "\nSee: dyad --help\n";
        return exit_code::usage;
    }
    arguments.on = onOrOff == "on";
    return arguments;
}

} // namespace dyad::cli
