// SPDX-License-Identifier: Apache-2.0
// dyad sync: the files that must be equal on both nodes.
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/service_post.h"

#include <CLI/CLI.hpp>

#include <QDateTime>
#include <QJsonArray>

namespace dyad::cli {
namespace {

constexpr Duration copyPatience = 60s;

std::string word(const QJsonObject& object, const char* name) {
    return object[QLatin1String(name)].toString().toStdString();
}

std::string lineOf(const QJsonObject& set, const std::string& node) {
    const auto agreed = static_cast<qint64>(set[QStringLiteral("agreed_wall_ms")].toDouble());
    const QJsonArray conflicts = set[QStringLiteral("conflicts")].toArray();
    std::string text = word(set, "name") + ": from " + node + ", " +
                       std::to_string(set[QStringLiteral("entries")].toInt()) + " entries, " +
                       (agreed == 0 ? std::string("not copied since the service started")
                                    : "equal at " + QDateTime::fromMSecsSinceEpoch(agreed)
                                                        .toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"))
                                                        .toStdString()) +
                       "\n";
    for (const auto& each : conflicts)
        text += "  conflict: " + word(each.toObject(), "path") + ": " + word(each.toObject(), "why") + "\n";
    for (const auto& each : set[QStringLiteral("left_out")].toArray())
        text += "  left out: " + each.toString().toStdString() + "\n";
    if (const std::string trouble = word(set, "trouble"); !trouble.empty()) text += "  trouble: " + trouble + "\n";
    if (!conflicts.isEmpty())
        text += "  settle it with `dyad sync push " + word(set, "name") +
                "` (overwrites the other node's) or `dyad sync accept " + word(set, "name") +
                "` (takes the other node's)\n";
    return text;
}

std::vector<std::pair<std::string, QJsonObject>> sources(BothNodes& nodes, std::string& trouble,
                                                         std::vector<std::string>& idle) {
    std::vector<std::pair<std::string, QJsonObject>> found;
    std::vector<std::string> all;
    for (const NodeAnswer& each : nodes.ask(QStringLiteral("/v1/sync"))) {
        if (!each.answered) {
            trouble += each.node + ": " + each.trouble + "\n";
            continue;
        }
        for (const auto& set : each.object[QStringLiteral("sets")].toArray()) {
            all.push_back(word(set.toObject(), "name"));
            if (word(set.toObject(), "role") == "source") found.emplace_back(word(each.object, "node"), set.toObject());
        }
    }
    for (const std::string& name : all) {
        const auto isName = [&](const auto& each) { return word(each.second, "name") == name; };
        if (std::none_of(found.begin(), found.end(), isName) && std::find(idle.begin(), idle.end(), name) == idle.end())
            idle.push_back(name);
    }
    return found;
}

int syncStatus(const Arguments& arguments) {
    return withService(arguments, [&](const Access& access) -> int {
        BothNodes nodes(access);
        std::string trouble;
        std::vector<std::string> idle;
        const auto found = sources(nodes, trouble, idle);
        bool well = true;
        QJsonArray sets;
        std::string text;
        for (const auto& [node, set] : found) {
            QJsonObject object = set;
            object["node"] = QString::fromStdString(node);
            sets.append(object);
            text += lineOf(set, node);
            well = well && set[QStringLiteral("conflicts")].toArray().isEmpty() && word(set, "trouble").empty();
        }
        for (const std::string& name : idle)
            text += name + ": its group is active on no node that answers, so nothing is copied\n";
        if (found.empty() && idle.empty() && trouble.empty()) text = "the configuration has no file sets ([[sync]])\n";
        if (arguments.json)
            printJson(QJsonObject{{"ok", well}, {"sets", sets}});
        else
            print(text + trouble);
        if (found.empty() && idle.empty() && !trouble.empty()) return exit_code::unreachable;
        return well ? exit_code::ok : exit_code::failed;
    });
}

int syncOrder(const Arguments& arguments, const std::string& name, const char* verb) {
    return withService(arguments, [&](const Access& access) -> int {
        BothNodes nodes(access);
        std::string trouble;
        std::vector<std::string> idle;
        for (const auto& [node, set] : sources(nodes, trouble, idle)) {
            if (word(set, "name") != name) continue;
            Access only = access;
            std::erase_if(only.nodes, [wanted = node](const NodeAccess& each) {
                return !each.node.empty() && each.node != wanted;
            });
            const PostAnswer answer = postToService(
                only, QStringLiteral("/v1/sync/%1/%2").arg(QString::fromStdString(name), QLatin1String(verb)), {},
                copyPatience);
            if (!answer.answered()) return report(answer.failure, arguments.json);
            const bool well = answer.status == 200;
            if (arguments.json)
                printJson(answer.object);
            else
                print(well ? lineOf(answer.object, node) : "refused: " + word(answer.object, "trouble") + "\n");
            return well ? exit_code::ok : exit_code::failed;
        }
        complain(std::find(idle.begin(), idle.end(), name) != idle.end()
                     ? "the group of " + name + " is active on no node that answers. " + trouble
                     : "there is no file set " + name + "; `dyad sync status` lists them. " + trouble);
        return exit_code::failed;
    });
}

} // namespace

void addSync(CLI::App& app, CommandLine& line) {
    CLI::App* sync = app.add_subcommand("sync", "The files that must be equal on both nodes");
    sync->require_subcommand(1);
    sync->fallthrough();
    CLI::App* status = sync->add_subcommand("status", "Each file set, its conflicts and what was left out");
    status->callback([&line] { line.run = [&line] { return syncStatus(line.arguments); }; });
    const auto order = [&](const char* verb, const char* help) {
        auto name = std::make_shared<std::string>();
        CLI::App* command = sync->add_subcommand(verb, help);
        command->add_option("NAME", *name, "Name of the file set")->required();
        command->callback(
            [&line, name, verb] { line.run = [&line, name, verb] { return syncOrder(line.arguments, *name, verb); }; });
    };
    order("push", "Overwrite the other node's files, also those that it has changed");
    order("accept", "Take the other node's side of each conflict");
}

} // namespace dyad::cli
