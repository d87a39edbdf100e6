// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/episode_report.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <cstdio>

namespace dyad::lab {

namespace {

double inMs(Duration duration) { return static_cast<double>(duration.count() / 1000) / 1000; }

QJsonArray toJson(const std::vector<std::string>& texts) {
    QJsonArray array;
    for (const auto& text : texts)
        array.append(QString::fromStdString(text));
    return array;
}

void printLine(const QJsonObject& object) {
    std::printf("%s\n", QJsonDocument(object).toJson(QJsonDocument::Compact).constData());
    std::fflush(stdout);
}

QJsonObject toJson(const EpisodeReport& report, const ActiveFault& fault) {
    QJsonObject object{{"t_ms", inMs(report.began + (fault.began - report.zero))},
                       {"episode", qint64(report.number)},
                       {"fault", toText(fault.planned.kind)},
                       {"host", QString::fromStdString(fault.host)},
                       {"lasts_ms", inMs(fault.planned.lasts)},
                       {"gap_ms", inMs(report.gap)},
                       {"gap_bound_ms", inMs(report.bounds.gap)},
                       {"back_ms", inMs(report.back)},
                       {"bound_ms", inMs(report.bounds.back)},
                       {"claims", qint64(report.claims)},
                       {"double_address_ms", inMs(report.doubleAddress)},
                       {"ok", report.ok()},
                       {"problems", toJson(report.problems)}};
    if (!report.plan.empty()) object.insert("plan", QString::fromStdString(report.plan));
    if (!fault.planned.link.empty()) object.insert("link", QString::fromStdString(fault.planned.link));
    if (fault.planned.amount != 0) object.insert("amount", qint64(fault.planned.amount));
    if (!fault.remark.empty()) object.insert("remark", QString::fromStdString(fault.remark));
    if (&fault == &report.faults.front() && !report.notes.empty()) object.insert("notes", toJson(report.notes));
    return object;
}

} // namespace

void printEpisode(const EpisodeReport& report, bool json) {
    if (!json && !report.plan.empty()) std::printf("  %s\n", report.plan.c_str());
    for (const auto& fault : report.faults) {
        if (json) {
            printLine(toJson(report, fault));
            continue;
        }
        std::string what = toText(fault.planned.kind);
        for (const std::string& word : {fault.host, fault.planned.link})
            if (!word.empty()) what += " " + word;
        if (fault.planned.amount != 0) what += " " + std::to_string(fault.planned.amount);
        if (fault.planned.lasts > Duration(0)) what += " for " + toText(fault.planned.lasts);
        std::printf("%s %7.1f s  %-44s gap %-8s of at most %-8s back %-8s of %-8s%s\n", report.ok() ? "✓" : "✗",
                    inMs(report.began + (fault.began - report.zero)) / 1000, what.c_str(), toText(report.gap).c_str(),
                    toText(report.bounds.gap).c_str(), toText(report.back).c_str(), toText(report.bounds.back).c_str(),
                    fault.remark.empty() ? "" : (", " + fault.remark).c_str());
    }
    if (!json) {
        for (const auto& note : report.notes)
            std::printf("             %s\n", note.c_str());
        for (const auto& problem : report.problems)
            std::printf("  ✗ %s\n", problem.c_str());
    }
    std::fflush(stdout);
}

void printSummary(const CampaignReport& report, bool json) {
    if (json) {
        QJsonObject object{{"ok", report.ok()},
                           {"seed", QString::number(report.seed)},
                           {"minutes", qint64(report.minutes)},
                           {"lasted_ms", inMs(report.lasted)},
                           {"episodes", qint64(report.episodes)},
                           {"faults", qint64(report.faults)},
                           {"takeovers", qint64(report.takeovers)},
                           {"switchovers", qint64(report.switchovers)},
                           {"self_fences", qint64(report.selfFences)},
                           {"cleared_failures", qint64(report.clearedFailures)},
                           {"rows_acked", qint64(report.rowsAcknowledged)},
                           {"rows_found", qint64(report.rowsFound)},
                           {"rows_twice", qint64(report.rowsTwice)},
                           {"records_acked", qint64(report.recordsAcknowledged)},
                           {"records_found", qint64(report.recordsFound)},
                           {"write_probes_refused", qint64(report.writeProbesRefused)},
                           {"longest_gap_ms", inMs(report.longestGap)},
                           {"longest_gap_bound_ms", inMs(report.longestGapBound)},
                           {"longest_gap_episode", qint64(report.longestGapEpisode)},
                           {"problems", toJson(report.problems)}};
        if (report.seed <= (std::uint64_t{1} << 53)) object["seed"] = qint64(report.seed);
        if (!report.evidence.empty()) object.insert("evidence", QString::fromStdString(report.evidence));
        printLine(object);
        return;
    }
    std::printf("\n%s seed %llu: %zu faults in %.0f s, %zu takeovers, %zu switchovers, %zu hosts reset themselves, "
                "%zu failures cleared\n",
                report.ok() ? "✓" : "✗", static_cast<unsigned long long>(report.seed), report.faults,
                inMs(report.lasted) / 1000, report.takeovers, report.switchovers, report.selfFences,
                report.clearedFailures);
    std::printf("  rows: %llu acknowledged, %llu found, %llu twice; records: %llu acknowledged, %llu found; longest "
                "gap %s of at most %s (episode %zu)\n",
                static_cast<unsigned long long>(report.rowsAcknowledged),
                static_cast<unsigned long long>(report.rowsFound), static_cast<unsigned long long>(report.rowsTwice),
                static_cast<unsigned long long>(report.recordsAcknowledged),
                static_cast<unsigned long long>(report.recordsFound), toText(report.longestGap).c_str(),
                toText(report.longestGapBound).c_str(), report.longestGapEpisode);
    for (const auto& problem : report.problems)
        std::printf("  ✗ %s\n", problem.c_str());
    if (!report.evidence.empty()) std::printf("  what was found is kept in %s\n", report.evidence.c_str());
    std::fflush(stdout);
}

} // namespace dyad::lab
