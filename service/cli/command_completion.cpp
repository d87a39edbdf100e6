// SPDX-License-Identifier: Apache-2.0
// dyad completion: the shell's script; and the question that the script asks while somebody types.
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "control/protocol/paths.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>

#include <set>

namespace dyad::cli {
namespace {

constexpr Duration typingPatience = 700ms;

int script(const std::string& shell, bool json) {
    CommandLine unused;
    const CommandNode tree = treeOf(*makeCommandTree(unused));
    const std::string text = shell == "bash"  ? bashCompletion(tree)
                             : shell == "zsh" ? zshCompletion(tree)
                                              : fishCompletion(tree);
    if (json)
        printJson(QJsonObject{{"shell", QString::fromStdString(shell)}, {"script", QString::fromStdString(text)}});
    else
        print(text);
    return exit_code::ok;
}

// Quiet in every trouble: who types is in no mood for complaints.
int names(const std::vector<std::string>& kinds, const Arguments& arguments) {
    const auto access = accessFrom(arguments);
    if (!std::holds_alternative<Access>(access)) return exit_code::failed;
    BothNodes nodes(std::get<Access>(access));
    std::set<std::string> found;
    for (const NodeAnswer& answer : nodes.ask(QString::fromLatin1(control::path::state), typingPatience)) {
        for (const std::string& kind : kinds) {
            if (kind == "resources") {
                for (const QJsonValue& group : answer.object["groups"].toArray())
                    for (const QJsonValue& each : group.toObject()["resources"].toArray())
                        found.insert(each.toObject()["name"].toString().toStdString());
                continue;
            }
            const char* field = kind == "alarms" ? "id" : "name";
            for (const QJsonValue& each : answer.object[QString::fromStdString(kind)].toArray())
                found.insert(each.toObject()[QLatin1String(field)].toString().toStdString());
        }
    }
    QJsonArray array;
    std::string text;
    for (const std::string& name : found) {
        array.append(QString::fromStdString(name));
        text += (text.empty() ? "" : " ") + name;
    }
    if (arguments.json)
        printJson(QJsonObject{{"names", array}});
    else
        print(text + "\n");
    return exit_code::ok;
}

} // namespace

void addCompletion(CLI::App& app, CommandLine& line) {
    CLI::App* command = app.add_subcommand("completion", "Completion for a shell: source <(dyad completion bash)");
    auto shell = std::make_shared<std::string>();
    command->add_option("SHELL", *shell, "For which shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&line, shell] { line.run = [&line, shell] { return script(*shell, line.arguments.json); }; });

    CLI::App* asked = app.add_subcommand("complete-names", "Names for completion")->group("");
    auto kinds = std::make_shared<std::vector<std::string>>();
    asked->add_option("KIND", *kinds, "groups, nodes, resources, alarms");
    asked->callback([&line, kinds] { line.run = [&line, kinds] { return names(*kinds, line.arguments); }; });
}

} // namespace dyad::cli
