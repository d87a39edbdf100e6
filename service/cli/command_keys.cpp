// SPDX-License-Identifier: Apache-2.0
// dyad keys: the reservation keys on each LUN, with the story that they carry.
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/key_story.h"
#include "cli/output.h"
#include "control/client/client.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>

namespace dyad::cli {
namespace {

int keys(const Arguments& arguments, const Access& access) {
    control::Client client(access.all());
    client.fetchState([&](const control::Reply<model::ClusterView>& reply) {
        if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), arguments.json));
        if (arguments.json)
            printJson(keysJson(reply.value()));
        else
            print(keysText(reply.value(), Paint::forStandardOutput()));
        QCoreApplication::exit(exit_code::ok);
    });
    return QCoreApplication::exec();
}

} // namespace

void addKeys(CLI::App& app, CommandLine& line) {
    app.add_subcommand("keys", "The reservation keys on each LUN: whose, since which boot and epoch")->callback([&line] {
        line.run = [&line] {
            return withService(line.arguments, [&](const Access& access) { return keys(line.arguments, access); });
        };
    });
}

} // namespace dyad::cli
