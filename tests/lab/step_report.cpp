// SPDX-License-Identifier: Apache-2.0
#include "lab/step_report.h"

#include <QJsonArray>

#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace dyad::lab {

namespace {

const char* colour(const char* sequence) { return isatty(STDOUT_FILENO) != 0 ? sequence : ""; }
const char* green() { return colour("\033[32m"); }
const char* red() { return colour("\033[31m"); }
const char* blue() { return colour("\033[36m"); }
const char* bold() { return colour("\033[1m"); }
const char* plain() { return colour("\033[0m"); }

double roundedMs(Duration duration) { return std::round(milliseconds(duration) * 10) / 10; }

const char* answerWord(WriteProbe::Answer answer) {
    switch (answer) {
    case WriteProbe::Answer::Refused: return "refused";
    case WriteProbe::Answer::Accepted: return "accepted";
    case WriteProbe::Answer::NoPath: return "no_path";
    }
    return "";
}

} // namespace

QJsonObject toJson(const StepReport& report) {
    QJsonObject timeline;
    for (const auto& moment : report.moments)
        timeline.insert(QString::fromStdString(moment.name), roundedMs(moment.at - report.zero));
    QJsonArray probes;
    for (const auto& probe : report.probes)
        probes.append(QJsonObject{{"from", QString::fromStdString(probe.from)},
                                  {"when", QString::fromStdString(probe.when)},
                                  {"answer", answerWord(probe.probe.answer)},
                                  {"detail", QString::fromStdString(probe.probe.detail)}});
    QJsonArray problems;
    for (const auto& problem : report.problems)
        problems.append(QString::fromStdString(problem));
    QJsonObject object{{"name", QString::fromStdString(report.name)},
                       {"ok", report.ok()},
                       {"client_gap_ms", roundedMs(report.gap.longest)},
                       {"rows_acked", static_cast<qint64>(report.ledger.acknowledged)},
                       {"rows_found", static_cast<qint64>(report.ledger.found)},
                       {"rows_twice", static_cast<qint64>(report.ledger.duplicates)},
                       {"timeline_ms", timeline},
                       {"owner", QString::fromStdString(report.owner)},
                       {"probe_lateness_ms", roundedMs(report.gap.worstLateness)},
                       {"write_probes", probes},
                       {"problems", problems}};
    if (report.barrier)
        object.insert("barrier",
                      QJsonObject{{"ok", report.barrier->holds()},
                                  {"held_write_arrived_ms", roundedMs(report.barrier->arrived - report.zero)},
                                  {"held_write_landed_ms", roundedMs(report.barrier->landed - report.zero)},
                                  {"claim_read_back_ms", roundedMs(report.barrier->claimed - report.zero)}});
    return object;
}

void printTitle(unsigned number, const std::string& title) {
    std::printf("\n%s%u  %s%s\n", bold(), number, title.c_str(), plain());
    std::fflush(stdout);
}

void printMoment(const Moment& moment, Instant zero) {
    std::printf("   %s%s%s %9.1f ms  %s\n", blue(), moment.symbol.c_str(), plain(), milliseconds(moment.at - zero),
                moment.words.c_str());
    std::fflush(stdout);
}

void printNote(const std::string& text) {
    std::printf("   · %s\n", text.c_str());
    std::fflush(stdout);
}

void printVerdict(const StepReport& report) {
    const auto verdict = [](bool well) {
        return well ? std::string(green()) + "✓" + plain() : std::string(red()) + "✗" + plain();
    };
    for (const auto& probe : report.probes)
        std::printf("   %s write probe from %s %s: %s (%s)\n",
                    verdict(probe.probe.answer != WriteProbe::Answer::Accepted).c_str(), probe.from.c_str(),
                    probe.when.c_str(), answerWord(probe.probe.answer), probe.probe.detail.c_str());
    if (report.barrier)
        std::printf("   %s a write of the old owner held in the array landed %.1f ms after the fault, the new owner's "
                    "read-back came at %.1f ms\n",
                    verdict(report.barrier->holds()).c_str(), milliseconds(report.barrier->landed - report.zero),
                    milliseconds(report.barrier->claimed - report.zero));
    std::printf("   %s client: longest gap %.0f ms, %llu rows acknowledged, %llu found, %llu twice (the probe was late "
                "by up to %.0f ms)\n",
                verdict(report.ledger.holds()).c_str(), milliseconds(report.gap.longest),
                static_cast<unsigned long long>(report.ledger.acknowledged),
                static_cast<unsigned long long>(report.ledger.found),
                static_cast<unsigned long long>(report.ledger.duplicates), milliseconds(report.gap.worstLateness));
    for (const auto& problem : report.problems)
        std::printf("   %s✗ %s%s\n", red(), problem.c_str(), plain());
    std::printf("   %s %s; the service is on %s\n", verdict(report.ok()).c_str(), report.ok() ? "held" : "FAILED",
                report.owner.empty() ? "neither host" : report.owner.c_str());
    std::fflush(stdout);
}

} // namespace dyad::lab
