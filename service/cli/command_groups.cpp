// SPDX-License-Identifier: Apache-2.0
// dyad groups: one line for each group.
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/words.h"
#include "control/client/client.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>
#include <QJsonArray>

namespace dyad::cli {
namespace {

int groups(const Arguments& arguments, const Access& access) {
    control::Client client(access.all());
    client.fetchState([&](const control::Reply<model::ClusterView>& reply) {
        if (!reply.ok()) return QCoreApplication::exit(report(reply.failure(), arguments.json));
        const model::ClusterView& view = reply.value();
        if (arguments.json) {
            const QJsonObject all = control::toJson(view);
            printJson(QJsonObject{{"node", all["node"]}, {"groups", all["groups"]}});
            return QCoreApplication::exit(exit_code::ok);
        }
        const Paint paint = Paint::forStandardOutput();
        Table table;
        for (const model::GroupView& group : view.groups) {
            const control::Sentence sentence = control::headlineOf(view, group);
            table.row({paint.symbol(toneOf(sentence.condition)), paint.text(Tone::Strong, group.name),
                       (group.disabled               ? "disabled"
                        : group.activeNode.empty() ? "active nowhere"
                                                   : "active on " + group.activeNode) +
                           std::string(group.frozen ? ", frozen" : ""),
                       group.preferredNode.empty() ? "prefers no node" : "prefers " + group.preferredNode,
                       "for " + age(view.at - group.since), group.why});
        }
        print(view.groups.empty() ? "no groups are configured\n" : table.text(""));
        QCoreApplication::exit(exit_code::ok);
    });
    return QCoreApplication::exec();
}

} // namespace

void addGroups(CLI::App& app, CommandLine& line) {
    app.add_subcommand("groups", "One line for each group: where it is active, since when, why")->callback([&line] {
        line.run = [&line] {
            return withService(line.arguments, [&](const Access& access) { return groups(line.arguments, access); });
        };
    });
}

} // namespace dyad::cli
