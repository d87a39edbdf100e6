// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"

#include <CLI/CLI.hpp>

#include <QJsonObject>

namespace dyad::cli {

void addVersion(CLI::App& app, CommandLine& line) {
    app.add_subcommand("version", "Version of this program")->callback([&line] {
        line.run = [&line] {
            if (line.arguments.json)
                printJson(QJsonObject{{"version", DYAD_VERSION}});
            else
                print("dyad " DYAD_VERSION "\n");
            return exit_code::ok;
        };
    });
}

} // namespace dyad::cli
