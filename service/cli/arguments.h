// SPDX-License-Identifier: Apache-2.0
// What every command is told alike, and what the command line made of itself.
#pragma once

#include "cli/service_access.h"

#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace CLI {
class App;
}

namespace dyad::cli {

// What was asked for: the options that all commands share, and the command itself, ready to run.
struct CommandLine {
    Arguments arguments;
    std::function<int()> run; // gives the exit code; runs the event loop as long as it needs
};

// All commands and options of `dyad`, on `line`. The tree is what help, completion and manual pages are made from.
[[nodiscard]] std::unique_ptr<CLI::App> makeCommandTree(CommandLine& line);

// Help and usage errors are written here already; then the exit code comes back.
[[nodiscard]] std::variant<std::unique_ptr<CommandLine>, int> parseArguments(int argc, char** argv);

// Runs `command` with the addresses, token and certificate of the service; or says what is missing of them.
[[nodiscard]] int withService(const Arguments& arguments, const std::function<int(const Access&)>& command);

} // namespace dyad::cli
