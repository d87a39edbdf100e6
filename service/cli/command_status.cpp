// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/status_screen.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>

namespace dyad::cli {
namespace {

int status(const Arguments& arguments, const Access& access) {
    control::Client client(access.all());
    client.fetchState([&](const control::Reply<model::ClusterView>& reply) {
        if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), arguments.json));
        const model::ClusterView& view = reply.value();
        if (arguments.json) {
            printJson(control::toJson(view));
        } else {
            const std::string& asked = access.nodes.front().node;
            if (!asked.empty() && asked != view.node)
                complain("the service on " + asked + " doesn't answer; this is what " + view.node + " sees. On " +
                         asked + ": systemctl status dyadd");
            print(statusScreen(view, Paint::forStandardOutput()));
        }
        QCoreApplication::exit(exit_code::ok);
    });
    return QCoreApplication::exec();
}

} // namespace

void addStatus(CLI::App& app, CommandLine& line) {
    app.add_subcommand("status", "One screen: groups, nodes, links, LUNs, alarms")->callback([&line] {
        line.run = [&line] {
            return withService(line.arguments, [&](const Access& access) { return status(line.arguments, access); });
        };
    });
}

} // namespace dyad::cli
