// SPDX-License-Identifier: Apache-2.0
// dyad alarms: what is wrong, as both nodes see it, and who has seen it.
#include "cli/alarm_channels.h"
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/order_call.h"
#include "cli/output.h"
#include "cli/paint.h"
#include "cli/words.h"
#include "control/protocol/paths.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>

namespace dyad::cli {
namespace {

Tone toneOf(const QString& severity) {
    if (severity == "critical") return Tone::Bad;
    return severity == "warning" ? Tone::Warning : Tone::Plain;
}

void show(const QJsonObject& alarm, const Paint& paint) {
    const auto text = [&](const char* field) { return alarm[QLatin1String(field)].toString().toStdString(); };
    const Tone tone = toneOf(alarm["severity"].toString());
    print(paint.symbol(tone) + " " + paint.text(tone, text("severity")) + "  " + paint.text(Tone::Strong, text("id")) +
          "  on " + text("node") + ", since " + localTime(alarm["since_wall_ms"].toInteger()) + "\n    " + text("text") +
          "\n");
    if (!text("remedy").empty()) print("    " + std::string(paint.arrow()) + " " + text("remedy") + "\n");
    if (!text("acknowledged_by").empty())
        print("    acknowledged by " + text("acknowledged_by") + " at " +
              localTime(alarm["acknowledged_wall_ms"].toInteger()) + "\n");
}

int list(const Arguments& arguments, const Access& access) {
    BothNodes nodes(access);
    QJsonArray alarms;
    QJsonArray silent;
    int answered = 0;
    const auto answers = nodes.ask(QString::fromLatin1(control::path::alarms));
    for (const NodeAnswer& answer : answers) {
        if (answer.status != 200) {
            silent.append(QString::fromStdString(answer.node));
            if (!arguments.json)
                complain((answer.node.empty() ? "a node" : answer.node) + " does not answer: " + answer.trouble);
            continue;
        }
        ++answered;
        for (const QJsonValue& each : answer.object["alarms"].toArray()) {
            QJsonObject alarm = each.toObject();
            alarm["node"] = answer.object["node"];
            alarms.append(alarm);
        }
    }
    if (arguments.json) {
        printJson(QJsonObject{{"alarms", alarms}, {"no_answer", silent}});
    } else {
        const Paint paint = Paint::forStandardOutput();
        for (const QJsonValue& each : alarms)
            show(each.toObject(), paint);
        if (alarms.isEmpty() && answered > 0) print("no alarms\n");
    }
    if (answered > 0) return exit_code::ok;
    return answers.front().status == 0 ? exit_code::unreachable : exit_code::failed;
}

} // namespace

void addAlarms(CLI::App& app, CommandLine& line) {
    CLI::App* alarms = app.add_subcommand("alarms", "What is wrong now, on both nodes");
    alarms->require_subcommand(0, 1);
    alarms->fallthrough();
    CLI::App* acknowledge = alarms->add_subcommand("ack", "Say that an alarm has been seen");
    auto id = std::make_shared<std::string>();
    auto dryRun = std::make_shared<bool>(false);
    acknowledge->add_option("ALARM", *id, "Its id, as `dyad alarms` shows it")->required();
    acknowledge->add_flag("--dry-run", *dryRun, "Only say what would be done");
    CLI::App* channels = alarms->add_subcommand("channels", "How people are told of alarms, and what waits to be told");
    CLI::App* test = alarms->add_subcommand("test", "Send a test through each channel of both nodes");
    test->add_flag("--dry-run", *dryRun, "Only say which channels those are");
    // The parent's callback runs after the subcommand's.
    alarms->callback([&line, acknowledge, channels, test, id, dryRun] {
        // The parser is gone when the command runs.
        const bool acknowledging = acknowledge->parsed();
        const bool showing = channels->parsed();
        const bool testing = test->parsed();
        line.run = [&line, acknowledging, showing, testing, id, dryRun] {
            return withService(line.arguments, [&](const Access& access) {
                if (showing) return showChannels(line.arguments, access);
                if (testing) return testChannels(line.arguments, access, *dryRun);
                if (!acknowledging) return list(line.arguments, access);
                if (*dryRun) {
                    if (line.arguments.json)
                        printJson(QJsonObject{{"dry_run", true}, {"alarm", QString::fromStdString(*id)}});
                    else
                        print("would acknowledge " + *id + " on each node where it stands\n");
                    return exit_code::ok;
                }
                return postAnswered(line.arguments, access,
                                    QStringLiteral("/v1/alarms/%1/acknowledge").arg(control::path::segment(*id)), {});
            });
        };
    });
}

} // namespace dyad::cli
