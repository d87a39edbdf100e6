// SPDX-License-Identifier: Apache-2.0
// dyad metrics: what /metrics says, for a look without Prometheus.
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "control/protocol/paths.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QRegularExpression>

namespace dyad::cli {
namespace {

// Lines `name{label="text",…} value` of the exposition format.
QJsonArray samplesOf(const QByteArray& text) {
    static const QRegularExpression line(QStringLiteral(R"(^([a-z_]+)(?:\{(.*)\})? (\S+)$)"));
    static const QRegularExpression label(QStringLiteral(R"rx(([a-z_]+)="((?:[^"\\]|\\.)*)")rx"));
    QJsonArray samples;
    for (const QString& each : QString::fromUtf8(text).split(QLatin1Char('\n'))) {
        const auto found = line.match(each);
        if (each.startsWith(QLatin1Char('#')) || !found.hasMatch()) continue;
        QJsonObject labels;
        auto matches = label.globalMatch(found.captured(2));
        while (matches.hasNext()) {
            const auto one = matches.next();
            labels[one.captured(1)] = one.captured(2);
        }
        samples.append(QJsonObject{
            {"name", found.captured(1)}, {"labels", labels}, {"value", found.captured(3).toDouble()}});
    }
    return samples;
}

int metrics(const Arguments& arguments, const Access& access) {
    Access first = access;
    first.nodes.resize(1); // metrics are one node's own: the other one is asked by --node
    const NodeAnswer answer = BothNodes(first).ask(QString::fromLatin1(control::path::metrics)).front();
    if (answer.status != 200) {
        complain("ask for the metrics of " + (answer.node.empty() ? "the node" : answer.node) + ": " + answer.trouble +
                 ". Ask the other one with --node");
        return answer.status == 0 ? exit_code::unreachable : exit_code::failed;
    }
    if (arguments.json)
        printJson(QJsonObject{{"node", QString::fromStdString(answer.node)}, {"samples", samplesOf(answer.body)}});
    else
        print(answer.body.toStdString());
    return exit_code::ok;
}

} // namespace

void addMetrics(CLI::App& app, CommandLine& line) {
    app.add_subcommand("metrics", "Counters and gauges of one node, as Prometheus reads them")->callback([&line] {
        line.run = [&line] {
            return withService(line.arguments, [&](const Access& access) { return metrics(line.arguments, access); });
        };
    });
}

} // namespace dyad::cli
