// SPDX-License-Identifier: Apache-2.0
// dyad truth: what each side claims against what is.
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/pair_truth.h"

#include <CLI/CLI.hpp>

namespace dyad::cli {
namespace {

int truth(const Arguments& arguments, const Access& access) {
    BothNodes nodes(access);
    const PairTruth seen = fetchTruth(nodes);
    if (seen.nodes.empty()) {
        std::string all;
        for (const std::string& each : seen.silent)
            all += (all.empty() ? "" : "; ") + each;
        return report(control::Failure{control::Failure::Kind::Unreachable,
                                       {"ask the services", "", all, "is dyadd running? systemctl status dyadd"}},
                      arguments.json);
    }
    if (arguments.json)
        printJson(truthJson(seen));
    else
        print(truthText(seen, Paint::forStandardOutput()));
    return seen.contradictions.empty() ? exit_code::ok : exit_code::failed;
}

} // namespace

void addTruth(CLI::App& app, CommandLine& line) {
    app.add_subcommand("truth", "What each node claims against what is; contradictions with their remedies")
        ->callback([&line] {
            line.run = [&line] {
                return withService(line.arguments, [&](const Access& access) { return truth(line.arguments, access); });
            };
        });
}

} // namespace dyad::cli
