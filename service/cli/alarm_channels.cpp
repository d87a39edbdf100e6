// SPDX-License-Identifier: Apache-2.0
#include "cli/alarm_channels.h"

#include "cli/both_nodes.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/paint.h"
#include "cli/words.h"
#include "control/protocol/paths.h"

#include <QJsonArray>

#include <unistd.h>

namespace dyad::cli {
namespace {

constexpr Duration trialPatience = 25s; // a channel has 20 s

std::string fieldOf(const QJsonObject& object, const char* name) {
    return object[QLatin1String(name)].toString().toStdString();
}

std::string nameOf(const NodeAnswer& answer) { return answer.node.empty() ? "a node" : answer.node; }

struct Asked {
    QJsonArray channels; // each with its "node"
    QJsonArray silent;
    std::vector<bool> answered;
    int exitCode = exit_code::ok;
};

Asked askChannels(BothNodes& nodes, bool json) {
    Asked asked;
    const auto answers = nodes.ask(QString::fromLatin1(control::path::alarmChannels));
    bool any = false;
    for (const NodeAnswer& answer : answers) {
        asked.answered.push_back(answer.status == 200);
        if (answer.status != 200) {
            asked.silent.append(QString::fromStdString(answer.node));
            if (!json) complain(nameOf(answer) + " does not answer: " + answer.trouble);
            continue;
        }
        any = true;
        for (const QJsonValue& each : answer.object["channels"].toArray()) {
            QJsonObject channel = each.toObject();
            channel["node"] = QString::fromStdString(answer.node);
            asked.channels.append(channel);
        }
    }
    if (!any) asked.exitCode = answers.front().status == 0 ? exit_code::unreachable : exit_code::failed;
    return asked;
}

void sayNone() {
    print("the configuration has no channel ([[notify]]): alarms stand in `dyad alarms`, in the journal and in the "
          "monitor, "
          "and nobody is told\n");
}

void showChannel(const QJsonObject& channel, const Paint& paint) {
    const bool well = fieldOf(channel, "trouble").empty();
    const auto delivered = channel["delivered_wall_ms"].toInteger();
    print(paint.symbol(well ? Tone::Good : Tone::Bad) + " " + paint.text(Tone::Strong, fieldOf(channel, "name")) +
          "  on " + fieldOf(channel, "node") + "  " + fieldOf(channel, "target") + ", from " +
          fieldOf(channel, "least") + " on\n    " +
          (delivered == 0 ? "nothing delivered since the service started" : "last delivered " + localTime(delivered)) +
          ", " + std::to_string(channel["waiting"].toInteger()) + " waiting\n");
    if (!well) print("    " + std::string(paint.arrow()) + " " + fieldOf(channel, "trouble") + "\n");
}

void showTrial(const QJsonObject& trial, const Paint& paint) {
    const bool delivered = trial["delivered"].toBool();
    print(paint.symbol(delivered ? Tone::Good : Tone::Bad) + " " + paint.text(Tone::Strong, fieldOf(trial, "name")) +
          "  from " + fieldOf(trial, "node") + "  " + (delivered ? "delivered" : "not delivered") + " after " +
          std::to_string(trial["took_ms"].toInteger()) + " ms\n");
    if (!delivered) print("    " + std::string(paint.arrow()) + " " + fieldOf(trial, "trouble") + "\n");
}

} // namespace

int showChannels(const Arguments& arguments, const Access& access) {
    BothNodes nodes(access);
    const Asked asked = askChannels(nodes, arguments.json);
    if (arguments.json) {
        printJson(QJsonObject{{"channels", asked.channels}, {"no_answer", asked.silent}});
        return asked.exitCode;
    }
    const Paint paint = Paint::forStandardOutput();
    for (const QJsonValue& each : asked.channels)
        showChannel(each.toObject(), paint);
    if (asked.channels.isEmpty() && asked.exitCode == exit_code::ok) sayNone();
    return asked.exitCode;
}

int testChannels(const Arguments& arguments, const Access& access, bool dryRun) {
    BothNodes nodes(access);
    const Asked asked = askChannels(nodes, arguments.json);
    if (asked.exitCode != exit_code::ok) return asked.exitCode;
    if (dryRun || asked.channels.isEmpty()) {
        if (arguments.json)
            printJson(QJsonObject{{"dry_run", dryRun}, {"channels", asked.channels}});
        else if (asked.channels.isEmpty())
            sayNone();
        else
            for (const QJsonValue& each : asked.channels)
                print("would send a test from " + fieldOf(each.toObject(), "node") + " by " +
                      fieldOf(each.toObject(), "name") + ": " + fieldOf(each.toObject(), "target") + "\n");
        return asked.channels.isEmpty() && !dryRun ? exit_code::failed : exit_code::ok;
    }
    const Paint paint = Paint::forStandardOutput();
    QJsonArray trials;
    QJsonArray refused;
    bool well = asked.silent.isEmpty();
    for (std::size_t node = 0; node < nodes.count(); ++node) {
        if (!asked.answered[node]) continue;
        if (!arguments.json && ::isatty(STDERR_FILENO) == 1) complain("testing, for half a minute at most ...");
        const NodeAnswer answer = nodes.post(node, QString::fromLatin1(control::path::alarmTest), {}, trialPatience);
        if (answer.status != 200) {
            well = false;
            refused.append(QJsonObject{{"node", QString::fromStdString(answer.node)},
                                       {"trouble", QString::fromStdString(answer.trouble)}});
            if (!arguments.json) complain(nameOf(answer) + " does not test: " + answer.trouble);
            continue;
        }
        for (const QJsonValue& each : answer.object["channels"].toArray()) {
            QJsonObject trial = each.toObject();
            trial["node"] = QString::fromStdString(answer.node);
            well = well && trial["delivered"].toBool();
            trials.append(trial);
            if (!arguments.json) showTrial(trial, paint);
        }
    }
    if (arguments.json)
        printJson(QJsonObject{{"ok", well}, {"channels", trials}, {"refused", refused}, {"no_answer", asked.silent}});
    return well ? exit_code::ok : exit_code::failed;
}

} // namespace dyad::cli
