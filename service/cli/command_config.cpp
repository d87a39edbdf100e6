// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "config/load.h"

#include <QJsonArray>
#include <QJsonObject>

namespace dyad::cli {
namespace {

QJsonArray toJson(const std::vector<config::Problem>& problems) {
    QJsonArray array;
    for (const config::Problem& problem : problems)
        array.append(QJsonObject{{"file", QString::fromStdString(problem.file)},
                                 {"line", qint64{problem.line}},
                                 {"column", qint64{problem.column}},
                                 {"key", QString::fromStdString(problem.key)},
                                 {"value", QString::fromStdString(problem.value)},
                                 {"text", QString::fromStdString(problem.text)},
                                 {"remedy", QString::fromStdString(problem.remedy)}});
    return array;
}

std::string countOf(std::size_t count, const char* noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

} // namespace

int configCheck(const Arguments& arguments) {
    const std::string file = arguments.file.empty() ? arguments.configuration : arguments.file;
    const config::Loaded loaded = config::loadFile(file);
    const bool good = loaded.problems.empty();
    if (arguments.json) {
        printJson(QJsonObject{{"ok", good},
                              {"file", QString::fromStdString(file)},
                              {"problems", toJson(loaded.problems)},
                              {"warnings", toJson(loaded.warnings)}});
        return good ? exit_code::ok : exit_code::configurationInvalid;
    }
    for (const config::Problem& problem : loaded.problems)
        print("error: " + config::toText(problem) + "\n");
    for (const config::Problem& problem : loaded.warnings)
        print("warning: " + config::toText(problem) + "\n");
    if (!good) {
        print(file + " is not valid: " + countOf(loaded.problems.size(), "problem") +
              ". Correct them, then run dyad config check again.\n");
        return exit_code::configurationInvalid;
    }
    const model::Configuration& configuration = *loaded.configuration;
    print(file + " is valid: cluster " + configuration.clusterName + ", nodes " + configuration.nodes[0].name +
          " and " + configuration.nodes[1].name + ", " + countOf(configuration.links.size(), "link") + ", " +
          countOf(configuration.luns.size(), "LUN") + ", " + countOf(configuration.groups.size(), "group") +
          (loaded.warnings.empty() ? "" : ", " + countOf(loaded.warnings.size(), "warning")) + ".\n");
    return exit_code::ok;
}

} // namespace dyad::cli
