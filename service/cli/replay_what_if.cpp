// SPDX-License-Identifier: Apache-2.0
#include "cli/replay_what_if.h"

#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/replay_range.h"
#include "recorder/flight/what_if.h"

#include <QJsonArray>
#include <QJsonObject>

#include <cstdio>

namespace dyad::cli {
namespace {

using recorder::Decision;
using recorder::Incident;

std::string since(Instant base, Instant at) {
    char text[32];
    std::snprintf(text, sizeof text, "%+8.3f s", std::chrono::duration<double>(at - base).count());
    return text;
}

QJsonArray toJson(const std::vector<Decision>& decisions, Instant base) {
    QJsonArray array;
    for (const Decision& decision : decisions)
        array.append(QJsonObject{{"after_ms", milliseconds(decision.at - base)},
                                 {"decision", QString::fromStdString(decision.text)}});
    return array;
}

QJsonObject toJson(const Incident& incident) {
    QJsonObject object{{"step", static_cast<qint64>(incident.step)},
                       {"at_ns", static_cast<qint64>(incident.base.nanoseconds())},
                       {"what", QString::fromStdString(incident.what)},
                       {"recorded", toJson(incident.recorded, incident.base)},
                       {"what_if", toJson(incident.replayed, incident.base)},
                       {"differs", incident.differs()},
                       {"verdict", QString::fromStdString(incident.verdict)}};
    if (incident.heardAgain) object["heard_again_ms"] = milliseconds(*incident.heardAgain - incident.base);
    if (incident.ended) object["ended_ms"] = milliseconds(*incident.ended - incident.base);
    if (incident.unanswered) object["unanswered"] = QString::fromStdString(*incident.unanswered);
    return object;
}

void printIncident(const Incident& incident, const recorder::RunHeader& header, const std::string& name) {
    print("  " + timeInRun(header, incident.base) + "  step " + std::to_string(incident.step) + ": " + incident.what +
          "\n    " + incident.verdict + "\n");
    const auto list = [&](const std::string& title, const std::vector<Decision>& decisions) {
        print("    " + title + (decisions.empty() ? ": no decision\n" : ":\n"));
        for (const Decision& decision : decisions)
            print("      " + since(incident.base, decision.at) + "  " + decision.text + "\n");
    };
    list("recorded", incident.recorded);
    list("with " + name, incident.replayed);
    const auto only = [&](const std::string& where, const std::optional<Decision>& decision) {
        if (decision)
            print("    only " + where + ": " + decision->text + " at" + since(incident.base, decision->at) + "\n");
    };
    only("recorded", incident.onlyRecorded);
    only("with " + name, incident.onlyReplayed);
}

} // namespace

int replayWhatIf(const ReplayWanted& arguments, const recorder::Recording& recording, std::size_t firstRun) {
    std::string name;
    for (const std::string& change : arguments.whatIf)
        name += (name.empty() ? "" : ", ") + change;
    bool troubled = false;
    QJsonArray runs;
    for (std::size_t i = firstRun; i < recording.runs.size(); ++i) {
        const recorder::Run& run = recording.runs[i];
        const auto timeouts =
            recorder::changedTimeouts(engine::timeoutsOf(run.header.configuration.profile), arguments.whatIf);
        if (!timeouts) {
            complain(timeouts.error().text());
            return exit_code::usage;
        }
        const recorder::WhatIf result = recorder::whatIf(recording, run, timeouts.value(), name);
        const std::string trouble = result.trouble.empty() ? run.damage : result.trouble;
        troubled = troubled || !trouble.empty();
        QJsonArray incidents;
        QJsonArray notes;
        if (!arguments.json)
            print(runTitle(i, run) + (result.incidents.empty() ? "\n  no incident: no silence, no lost path\n" : "\n"));
        for (const Incident& incident : result.incidents) {
            if (arguments.json)
                incidents.append(toJson(incident));
            else
                printIncident(incident, run.header, name);
        }
        std::vector<std::string> remarks = result.remarks;
        if (result.left > 0) remarks.push_back("further incidents of this run were left out");
        if (!trouble.empty()) remarks.push_back("used up to here: " + trouble);
        for (const std::string& remark : remarks) {
            notes.append(QString::fromStdString(remark));
            if (!arguments.json) print("  note: " + remark + "\n");
        }
        runs.append(QJsonObject{{"run", static_cast<qint64>(i + 1)}, {"incidents", incidents}, {"notes", notes}});
    }
    if (arguments.json)
        printJson(QJsonObject{{"file", QString::fromStdString(arguments.recording)},
                              {"what_if", QString::fromStdString(name)},
                              {"damaged", troubled},
                              {"runs", runs}});
    return troubled ? exit_code::recordingDamaged : exit_code::ok;
}

} // namespace dyad::cli
