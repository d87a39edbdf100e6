// SPDX-License-Identifier: Apache-2.0
// dyad config check, diff, history. What changes something is in command_config_apply.cpp, what asks the administrator
// in command_config_init.cpp.
#include "agents/ocf_metadata.h"
#include "agents/unit_look.h"
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/config_report.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "config/diff.h"
#include "config/live/live_check.h"
#include "config/load.h"
#include "control/protocol/configuration_json.h"

#include <CLI/CLI.hpp>

#include <QFile>
#include <QHostInfo>
#include <QJsonArray>
#include <QJsonObject>

#include <filesystem>

namespace dyad::cli {
namespace {

std::string countOf(std::size_t count, const char* noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

model::Finding toFinding(const config::Problem& problem, bool isError) {
    return {isError,     problem.file,  problem.line, problem.column,
            problem.key, problem.value, problem.text, problem.remedy};
}

QJsonArray toJson(const std::vector<model::Finding>& findings, bool errors) {
    QJsonArray array;
    for (const model::Finding& each : findings)
        if (each.isError == errors)
            array.append(QJsonObject{{"file", QString::fromStdString(each.file)},
                                     {"line", qint64{each.line}},
                                     {"column", qint64{each.column}},
                                     {"key", QString::fromStdString(each.key)},
                                     {"value", QString::fromStdString(each.value)},
                                     {"text", QString::fromStdString(each.text)},
                                     {"remedy", QString::fromStdString(each.remedy)}});
    return array;
}

Result<std::string> readText(const std::string& path) {
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly)) return Error{"read", path, file.errorString().toStdString(), ""};
    return file.read(static_cast<qint64>(config::maxFileBytes) + 1).toStdString();
}

// --- check ----------------------------------------------------------------------------------------------------------

struct CheckOptions {
    std::string file;
    bool live = false;
    bool offline = false;
    std::string node;
};

// The host is looked at where this host is a node of the file and the file is the service's own, or where asked for.
std::optional<model::NodeId> nodeToCheck(const CheckOptions& options, const model::Configuration& configuration,
                                         bool ownFile) {
    if (options.offline || !(options.live || ownFile)) return std::nullopt;
    const std::string name = options.node.empty() ? QHostInfo::localHostName().toStdString() : options.node;
    for (const model::NodeId node : model::bothNodes)
        if (configuration.nodes[model::indexOf(node)].name == name) return node;
    return std::nullopt;
}

int configCheck(const Arguments& arguments, const CheckOptions& options) {
    const std::string file = options.file.empty() ? arguments.configuration : options.file;
    const config::Loaded loaded = config::loadFile(file);
    std::vector<model::Finding> findings;
    for (const config::Problem& problem : loaded.problems)
        findings.push_back(toFinding(problem, true));
    for (const config::Problem& warning : loaded.warnings)
        findings.push_back(toFinding(warning, false));
    bool live = false;
    if (loaded.configuration) {
        const auto node = nodeToCheck(options, *loaded.configuration, file == "/etc/dyad/dyad.toml");
        if (options.live && !node) {
            complain("--live: this host (" + QHostInfo::localHostName().toStdString() +
                     ") is no node of the file; its nodes are " + loaded.configuration->nodes[0].name + " and " +
                     loaded.configuration->nodes[1].name + ", name one with --as");
            return exit_code::usage;
        }
        const Result<std::string> text = readText(file);
        live = node && text;
        if (live) {
            config::LiveSetup setup;
            setup.self = *node;
            setup.askAgent = [](const model::OcfSettings& each) {
                return agents::readOcfMetadata(each.provider, each.agent);
            };
            setup.askUnit = [](const std::string& unit) { return agents::askUnit(unit); };
            std::error_code failed;
            setup.programDirectory = std::filesystem::canonical("/proc/self/exe", failed).parent_path();
            for (config::LiveFinding& found : config::checkLive(*loaded.configuration, text.value(), file, setup))
                findings.push_back(std::move(found.finding));
        }
    }
    std::size_t errors = 0;
    for (const model::Finding& each : findings)
        errors += each.isError ? 1 : 0;
    const bool good = errors == 0;
    const int code = good                   ? exit_code::ok
                     : loaded.configuration ? exit_code::failed
                                            : exit_code::configurationInvalid;
    if (arguments.json) {
        printJson(QJsonObject{{"ok", good},
                              {"file", QString::fromStdString(file)},
                              {"live", live},
                              {"problems", toJson(findings, true)},
                              {"warnings", toJson(findings, false)}});
        return code;
    }
    for (const bool wanted : {true, false})
        for (const model::Finding& each : findings)
            if (each.isError == wanted) print(findingLine(each));
    if (!loaded.configuration) {
        print(file + " is not valid: " + countOf(errors, "problem") +
              ". Correct them, then run dyad config check again.\n");
        return code;
    }
    const model::Configuration& configuration = *loaded.configuration;
    const std::size_t warnings = findings.size() - errors;
    print(file + " is valid: cluster " + configuration.clusterName + ", nodes " + configuration.nodes[0].name +
          " and " + configuration.nodes[1].name + ", " + countOf(configuration.links.size(), "link") + ", " +
          countOf(configuration.luns.size(), "LUN") + ", " + countOf(configuration.groups.size(), "group") +
          (warnings == 0 ? "" : ", " + countOf(warnings, "warning")) + ".\n");
    if (!good) print("But this host does not fit it: " + countOf(errors, "problem") + ".\n");
    return code;
}

// --- diff -----------------------------------------------------------------------------------------------------------

struct DiffOptions {
    std::string file;
    bool text = false;
};

int show(const Arguments& arguments, const DiffOptions& options, const std::string& before, const std::string& after,
         const std::string& beforeName, const std::string& afterName) {
    const std::vector<config::Difference> found = config::differences(before, after);
    const std::string lines = config::unifiedDiff(before, after, beforeName, afterName);
    if (arguments.json) {
        QJsonArray list;
        for (const config::Difference& each : found)
            list.append(QJsonObject{{"key", QString::fromStdString(each.key)},
                                    {"before", QString::fromStdString(each.before)},
                                    {"after", QString::fromStdString(each.after)}});
        printJson(QJsonObject{{"equal", before == after},
                              {"before", QString::fromStdString(beforeName)},
                              {"after", QString::fromStdString(afterName)},
                              {"differences", list},
                              {"text", QString::fromStdString(lines)}});
    } else if (before == after) {
        print(beforeName + " and " + afterName + " are equal\n");
    } else if (options.text) {
        print(lines);
    } else {
        print(beforeName + " → " + afterName + "\n");
        for (const config::Difference& each : found)
            print("  " + config::toText(each) + "\n");
        if (found.empty()) print("  they differ in comments and spelling only; --text shows them\n");
    }
    return before == after ? exit_code::ok : exit_code::failed;
}

int configDiff(const Arguments& arguments, const DiffOptions& options) {
    return withService(arguments, [&](const Access& access) -> int {
        BothNodes nodes(access);
        std::vector<model::ConfigurationPicture> pictures;
        std::string trouble;
        for (const NodeAnswer& each : nodes.ask(QStringLiteral("/v1/config"))) {
            const auto picture = each.answered ? control::pictureFromJson(each.object)
                                               : Result<model::ConfigurationPicture>(Error{});
            if (picture)
                pictures.push_back(picture.value());
            else
                trouble += (trouble.empty() ? "" : "; ") + (each.node + ": " + each.trouble);
        }
        if (pictures.empty()) {
            complain("no node could be asked: " + trouble);
            return exit_code::unreachable;
        }
        if (!options.file.empty()) {
            const Result<std::string> text = readText(options.file);
            if (!text) {
                complain(text.error().text());
                return exit_code::usage;
            }
            return show(arguments, options, pictures.front().text, text.value(), pictures.front().node, options.file);
        }
        if (pictures.size() < 2) {
            complain("only " + pictures.front().node + " could be asked: " + trouble);
            return exit_code::unreachable;
        }
        return show(arguments, options, pictures[0].text, pictures[1].text, pictures[0].node, pictures[1].node);
    });
}

// --- history --------------------------------------------------------------------------------------------------------

int configHistory(const Arguments& arguments) {
    return withService(arguments, [&](const Access& access) -> int {
        BothNodes nodes(access);
        QJsonArray all;
        std::string text;
        std::string trouble;
        for (const NodeAnswer& each : nodes.ask(QStringLiteral("/v1/config?text=no"))) {
            const auto picture = each.answered ? control::pictureFromJson(each.object)
                                               : Result<model::ConfigurationPicture>(Error{});
            if (!picture) {
                trouble += each.node + ": " + (each.trouble.empty() ? picture.error().text() : each.trouble) + "\n";
                continue;
            }
            all.append(each.object);
            text += picture.value().node + "\n" + historyText(picture.value());
        }
        if (arguments.json)
            printJson(QJsonObject{{"nodes", all}});
        else
            print(text + trouble);
        return all.isEmpty() ? exit_code::unreachable : exit_code::ok;
    });
}

} // namespace

void addConfig(CLI::App& app, CommandLine& line) {
    CLI::App* config = app.add_subcommand("config", "The configuration file");
    config->require_subcommand(1);
    config->fallthrough();

    auto checking = std::make_shared<CheckOptions>();
    CLI::App* check =
        config->add_subcommand("check", "Say all that is wrong with a configuration, or that it is good");
    check->add_option("FILE", checking->file, "File to check (default: the one of --config)");
    check->add_flag("--live", checking->live,
                    "Against this host, too: interfaces, array, files, programs (so for /etc/dyad/dyad.toml anyway)");
    check->add_flag("--offline", checking->offline, "The file alone");
    check->add_option("--as", checking->node, "Which node of the file this host is (default: its name)");
    check->callback([&line, checking] { line.run = [&line, checking] { return configCheck(line.arguments, *checking); }; });

    auto comparing = std::make_shared<DiffOptions>();
    CLI::App* diff = config->add_subcommand("diff", "What differs between the running configuration and a file, or "
                                                    "between the two nodes; exit code 1 where something does");
    diff->add_option("FILE", comparing->file, "The file to compare with (default: node with node)");
    diff->add_flag("--text", comparing->text, "Line by line, as diff -u writes it");
    diff->callback([&line, comparing] { line.run = [&line, comparing] { return configDiff(line.arguments, *comparing); }; });

    addConfigApply(*config, line);
    addConfigInit(*config, line);

    CLI::App* history = config->add_subcommand("history", "The last revisions, on each node");
    history->callback([&line] { line.run = [&line] { return configHistory(line.arguments); }; });
}

} // namespace dyad::cli
