// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/checked_text.h"

#include "config/diff.h"
#include "config/digest.h"

#include <algorithm>

namespace dyad::daemon {

namespace {

model::Finding toFinding(const config::Problem& problem, bool isError) {
    return {isError,     problem.file,  problem.line, problem.column,
            problem.key, problem.value, problem.text, problem.remedy};
}

} // namespace

bool CheckedText::good() const { return configuration && firstError().empty(); }

std::string CheckedText::firstError() const {
    for (const model::Finding& each : findings)
        if (each.isError)
            return (each.line > 0 ? each.file + ":" + std::to_string(each.line) + ": " : std::string()) + each.text +
                   (each.remedy.empty() ? "" : "; " + each.remedy);
    return "";
}

CheckedText checkText(std::string text, const std::string& fileName, const config::LiveSetup& live,
                      const std::string& runningText) {
    CheckedText checked;
    config::Loaded loaded = config::loadText(text, fileName);
    checked.digest = config::digestOf(text);
    for (const config::Problem& problem : loaded.problems)
        checked.findings.push_back(toFinding(problem, true));
    for (const config::Problem& warning : loaded.warnings)
        checked.findings.push_back(toFinding(warning, false));
    if (loaded.configuration) {
        const std::vector<config::Difference> changed = config::differences(runningText, text);
        for (config::LiveFinding& found : config::checkLive(*loaded.configuration, text, fileName, live)) {
            const bool touched =
                std::any_of(changed.begin(), changed.end(),
                            [&](const config::Difference& each) { return each.key.starts_with(found.block + "."); });
            found.finding.isError = found.finding.isError && (touched || runningText.empty());
            checked.findings.push_back(std::move(found.finding));
        }
    }
    checked.configuration = std::move(loaded.configuration);
    checked.text = std::move(text);
    return checked;
}

} // namespace dyad::daemon
