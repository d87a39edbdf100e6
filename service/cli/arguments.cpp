// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.h"

#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"

#include <CLI/CLI.hpp>

#include <iostream>

namespace dyad::cli {
namespace {

constexpr const char* description = "dyad: shows and moves the groups that the two hosts keep running\n"
                                    "Start with `dyad status`.\n";

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

std::unique_ptr<CLI::App> makeCommandTree(CommandLine& line) {
    auto app = std::make_unique<CLI::App>(description, "dyad");
    app->footer(exitCodesText() + "\n`dyad COMMAND --help` tells more. NO_COLOR in the environment turns colours off.");
    app->require_subcommand(1);
    app->fallthrough(); // --json and the service's options may stand behind the command, too
    app->add_flag("--json", line.arguments.json, "Write JSON for programs");
    addServiceOptions(*app, line.arguments);
    addCommands(*app, line);
    return app;
}

std::variant<std::unique_ptr<CommandLine>, int> parseArguments(int argc, char** argv) {
    auto line = std::make_unique<CommandLine>();
    const auto app = makeCommandTree(*line);
    try {
        app->parse(argc, argv);
    } catch (const CLI::ParseError& stopped) {
        if (stopped.get_exit_code() == 0) { // --help
            app->exit(stopped);
            return exit_code::ok;
        }
        std::cerr << "dyad: " << stopped.what() << "\nSee: dyad --help\n";
        return exit_code::usage;
    }
    return line;
}

int withService(const Arguments& arguments, const std::function<int(const Access&)>& command) {
    const auto access = accessFrom(arguments);
    if (const NoAccess* no = std::get_if<NoAccess>(&access)) {
        complain(no->text);
        return no->exitCode;
    }
    return command(std::get<Access>(access));
}

} // namespace dyad::cli
