// SPDX-License-Identifier: Apache-2.0
// dyad doctor: looks the pair over.
#include "cli/commands.h"
#include "cli/doctor_text.h"
#include "cli/exit_codes.h"
#include "cli/local_checks.h"
#include "cli/output.h"
#include "cli/pair_health.h"
#include "cli/pair_truth.h"

#include <CLI/CLI.hpp>

namespace dyad::cli {
namespace {

int doctor(const Arguments& arguments, const std::string& stateFolder, const Access& access) {
    BothNodes nodes(access);
    const PairTruth truth = fetchTruth(nodes);
    const std::vector<DoctorFinding> findings = examine(fetchHealth(nodes, truth), localFacts(arguments, stateFolder));
    if (arguments.json)
        printJson(doctorJson(findings, truth.contradictions));
    else
        print(doctorText(findings, truth.contradictions, Paint::forStandardOutput()));
    return isWell(findings, truth.contradictions) ? exit_code::ok : exit_code::failed;
}

} // namespace

void addDoctor(CLI::App& app, CommandLine& line) {
    CLI::App* sub = app.add_subcommand("doctor", "Looks the pair over; every finding with its remedy");
    const auto folder = std::make_shared<std::string>("/var/lib/dyad");
    sub->add_option("--state-dir", *folder, "The service's folder on this host")->capture_default_str();
    sub->callback([&line, folder] {
        line.run = [&line, folder] {
            return withService(line.arguments,
                               [&](const Access& access) { return doctor(line.arguments, *folder, access); });
        };
    });
}

} // namespace dyad::cli
