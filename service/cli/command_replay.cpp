// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/replay_range.h"
#include "cli/replay_what_if.h"
#include "recorder/flight/as_scenario.h"
#include "recorder/flight/replay.h"
#include "recorder/flight/words.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QJsonObject>

namespace dyad::cli {
namespace {

using recorder::Recording;
using recorder::Replay;
using recorder::Run;

QJsonArray toJson(const std::vector<std::string>& lines) {
    QJsonArray array;
    for (const std::string& line : lines)
        array.append(QString::fromStdString(line));
    return array;
}

struct Outcome {
    bool parted = false;
    bool damaged = false;
};

// One run, said while it is replayed.
class Teller {
public:
    Teller(const Recording& recording, std::size_t number, const ReplayWanted& arguments, const Until& until)
        : m_run(recording.runs[number]), m_replay(recording, m_run), m_arguments(arguments), m_until(until) {
        m_json["run"] = static_cast<qint64>(number + 1);
        m_json["node"] =
            QString::fromStdString(m_run.header.configuration.nodes[model::indexOf(m_run.header.self)].name);
        m_json["program"] = QString::fromStdString(m_run.header.programVersion);
        m_json["began_wall_ms"] = static_cast<qint64>(m_run.header.wallClockMs);
        if (!arguments.json) print(runTitle(number, m_run) + "\n");
    }

    Outcome tell() {
        std::uint64_t first = 0;
        bool cut = false;
        while (!cut && m_replay.next()) {
            if (first == 0) first = m_replay.event().step;
            if (m_arguments.steps) step();
            cut = m_until.reached(m_run.header, m_replay.event().step + 1, m_replay.event().at);
        }
        const std::uint64_t taken = m_replay.stepsTaken();
        m_json["steps"] = static_cast<qint64>(taken);
        m_json["first_step"] = static_cast<qint64>(first);
        m_json["snapshots"] = static_cast<qint64>(m_replay.snapshotsCompared());
        if (const auto& parting = m_replay.parting()) {
            tellParting(*parting);
        } else {
            say("  " + std::to_string(taken) + (taken == 1 ? " step" : " steps") +
                (first > 1 ? " (from step " + std::to_string(first) + ", from a snapshot)" : "") + ", same actions" +
                (m_replay.snapshotsCompared() > 0
                     ? ", same state at " + std::to_string(m_replay.snapshotsCompared()) + " snapshots"
                     : "") +
                "\n");
        }
        m_json["same"] = !m_replay.parting().has_value();
        if (!cut) tellEnd();
        return {m_replay.parting().has_value(), !cut && m_damaged};
    }

    [[nodiscard]] const QJsonObject& json() const { return m_json; }

private:
    void say(const std::string& text) const {
        if (!m_arguments.json) print(text);
    }

    [[nodiscard]] std::string when(Instant at) const { return timeInRun(m_run.header, at); }

    void step() {
        const auto& configuration = m_run.header.configuration;
        const auto& event = m_replay.event();
        const std::string words = recorder::toWords(event.event, configuration);
        std::vector<std::string> actions;
        for (const engine::Action& action : m_replay.recorded())
            actions.push_back(recorder::toWords(action, configuration));
        if (m_arguments.json) {
            printJson(QJsonObject{{"step", static_cast<qint64>(event.step)},
                                  {"at_ns", static_cast<qint64>(event.at.nanoseconds())},
                                  {"event", QString::fromStdString(words)},
                                  {"actions", toJson(actions)}});
            return;
        }
        print("  " + std::to_string(event.step) + "  " + when(event.at) + "  " + words + "\n");
        for (const std::string& action : actions)
            print("        → " + action + "\n");
    }

    void tellParting(const recorder::Parting& parting) {
        m_json["parted"] = QJsonObject{{"step", static_cast<qint64>(parting.step)},
                                       {"at_ns", static_cast<qint64>(parting.at.nanoseconds())},
                                       {"event", QString::fromStdString(parting.event)},
                                       {"recorded", toJson(parting.recorded)},
                                       {"replayed", toJson(parting.replayed)}};
        say("  parted at step " + std::to_string(parting.step) + ", " + when(parting.at) + ": " + parting.event + "\n");
        for (const std::string& line : parting.recorded)
            say("    recorded: " + line + "\n");
        for (const std::string& line : parting.replayed)
            say("    replayed: " + line + "\n");
    }

    void tellEnd() {
        std::string damage = m_replay.trouble().empty() ? m_run.damage : m_replay.trouble();
        if (!damage.empty() && !m_replay.parting()) {
            m_damaged = true;
            m_json["damage"] = QString::fromStdString(damage);
            say("  used up to here: " + damage + "\n");
        } else if (const auto& unfinished = m_replay.unfinished()) {
            const std::string words = recorder::toWords(unfinished->event, m_run.header.configuration);
            m_json["unfinished"] = QString::fromStdString(words);
            say("  then the service ended within step " + std::to_string(unfinished->step) + ", " +
                when(unfinished->at) + ": " + words + "\n");
        }
    }

    const Run& m_run;
    Replay m_replay;
    const ReplayWanted& m_arguments;
    const Until& m_until;
    QJsonObject m_json;
    bool m_damaged = false;
};

int wrong(const std::string& text, int code) {
    complain(text);
    return code;
}

int replay(const ReplayWanted& arguments) {
    const Result<Recording> read = recorder::readRecording(arguments.recording);
    if (!read) return wrong(read.error().text(), exit_code::failed);
    const Recording& recording = read.value();
    const Result<std::size_t> first = firstRun(arguments.from, recording);
    if (!first) return wrong(first.error().text(), exit_code::usage);
    const Result<Until> until = Until::parse(arguments.until);
    if (!until) return wrong(until.error().text(), exit_code::usage);

    if (arguments.asScenario) {
        // One scenario is one life of a pair: of the run asked for, else of the newest.
        const std::size_t run = arguments.from.empty() ? recording.runs.size() - 1 : first.value();
        print(recorder::asScenario(recording, recording.runs[run]));
        return recording.runs[run].damage.empty() ? exit_code::ok : exit_code::recordingDamaged;
    }
    if (!arguments.whatIf.empty()) return replayWhatIf(arguments, recording, first.value());

    bool parted = false;
    bool damaged = false;
    QJsonArray runs;
    for (std::size_t i = first.value(); i < recording.runs.size(); ++i) {
        Teller teller(recording, i, arguments, until.value());
        const Outcome outcome = teller.tell();
        parted = parted || outcome.parted;
        damaged = damaged || outcome.damaged;
        runs.append(teller.json());
    }
    for (const std::string& remark : recording.remarks)
        if (!arguments.json) print("note: " + remark + "\n");
    if (arguments.json)
        printJson(QJsonObject{{"file", QString::fromStdString(arguments.recording)},
                              {"same", !parted},
                              {"damaged", damaged},
                              {"runs", runs},
                              {"notes", toJson(recording.remarks)}});
    return parted ? exit_code::failed : damaged ? exit_code::recordingDamaged : exit_code::ok;
}

} // namespace

void addReplay(CLI::App& app, CommandLine& line) {
    CLI::App* command =
        app.add_subcommand("replay", "Run the decisions of a flight recording again, or under other time-outs");
    auto wanted = std::make_shared<ReplayWanted>();
    command->add_option("FILE", wanted->recording, "The recording, or a copy of it")->capture_default_str();
    command->add_option("--from", wanted->from, "Begin with this run: its number, or `last` (default: the oldest)");
    command->add_option("--until", wanted->until,
                        "End at the number of a step, +SECONDS since the run began, or a time of day 12:34:56.789");
    command
        ->add_option("--what-if", wanted->whatIf,
                     "Decide again under profile=fast|standard|relaxed, suspect_after_ms=N, lost_after_ms=N, "
                     "challenge_window_ms=N; may be given several times")
        ->delimiter(',');
    command->add_flag("--steps", wanted->steps, "Tell every step");
    command->add_flag("--as-scenario", wanted->asScenario,
                      "Write what happened outside as a scenario for the simulator");
    command->callback([&line, wanted] {
        line.run = [&line, wanted] {
            wanted->json = line.arguments.json;
            return replay(*wanted);
        };
    });
}

} // namespace dyad::cli
