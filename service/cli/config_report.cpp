// SPDX-License-Identifier: Apache-2.0
#include "cli/config_report.h"

#include <QDateTime>

#include <algorithm>

namespace dyad::cli {

namespace {

std::string timeText(std::int64_t wallClockMs) {
    return QDateTime::fromMSecsSinceEpoch(wallClockMs).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")).toStdString();
}

bool isIn(const model::Finding& finding, const std::vector<model::Finding>& others) {
    return std::find(others.begin(), others.end(), finding) != others.end();
}

} // namespace

std::string findingLine(const model::Finding& finding) {
    std::string line = finding.isError ? "error: " : "warning: ";
    if (finding.line > 0)
        line += finding.file + ":" + std::to_string(finding.line) +
                (finding.column > 0 ? ":" + std::to_string(finding.column) : "") + ": ";
    return line + finding.text + (finding.remedy.empty() ? "" : "; " + finding.remedy) + "\n";
}

std::string applyText(const model::ApplyReport& report) {
    std::string text;
    const bool both = report.reports.size() == 2;
    if (both)
        for (const model::Finding& each : report.reports[0].findings)
            if (isIn(each, report.reports[1].findings)) text += findingLine(each);
    for (std::size_t i = 0; i < report.reports.size(); ++i) {
        const model::ConfigurationReport& node = report.reports[i];
        for (const model::Finding& each : node.findings)
            if (!both || !isIn(each, report.reports[1 - i].findings)) text += "on " + node.node + ": " + findingLine(each);
    }
    if (report.reports.empty()) return text;
    const model::ChangeSummary& plan = report.reports.front().plan; // the other node's is the same
    for (const std::string& each : plan.impossible)
        text += "not possible while the pair runs: " + each + "\n";
    for (const model::ChangeBlocker& each : plan.mustStop)
        text += "group " + each.group + " runs on " + each.node + " and must be stopped first: " + each.why + "\n";
    for (const std::string& each : plan.effects)
        text += "- " + each + "\n";
    if (!plan.mayGo()) return text;
    if (plan.restarts == "service")
        text += "- the service restarts in place, on one node after the other; what runs goes on\n";
    if (plan.restarts == "heart")
        text += "- heart and service restart in place, on one node after the other; what runs goes on\n";
    return text;
}

std::string historyText(const model::ConfigurationPicture& picture) {
    std::string text;
    for (auto record = picture.history.rbegin(); record != picture.history.rend(); ++record) {
        const bool runs = record->revision.digest == picture.runningDigest;
        char digest[17] = {};
        std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(record->revision.digest));
        text += std::to_string(record->revision.number) + "  " + digest + "  " + timeText(record->wallClockMs) + "  " +
                record->who + " on " + record->node + (record->byHand ? "  (found in the file)" : "") +
                (record == picture.history.rbegin() ? (runs ? "  current" : "  current, not running yet") : "") + "\n";
    }
    if (picture.staged)
        text += "under way: revision " + std::to_string(picture.staged->record.revision.number) + " by " +
                picture.staged->record.who + " on " + picture.staged->record.node + "\n";
    return text;
}

} // namespace dyad::cli
