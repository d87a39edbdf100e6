// SPDX-License-Identifier: Apache-2.0
// dyad drill: a planned switchover as an exercise, with a report on how it went. A drill for later is waited for by
// this program itself: it must go on running until then.
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/pair_history.h"
#include "cli/why_text.h"
#include "cli/words.h"
#include "control/protocol/history_json.h"
#include "control/protocol/json.h"
#include "control/protocol/paths.h"
#include "recorder/history/prediction.h"

#include <CLI/CLI.hpp>

#include <QDateTime>
#include <QEventLoop>
#include <QJsonArray>
#include <QTimer>

namespace dyad::cli {
namespace {

constexpr std::chrono::milliseconds lookAgain(100);
constexpr std::chrono::milliseconds historyIsWritten(1000); // after the group is active

struct DrillOptions {
    std::string group;
    std::string at; // HH:MM
    std::string in; // 10m
    bool back = false;
    bool dryRun = false;
    unsigned timeoutSeconds = 120;
};

void pause(std::chrono::milliseconds howLong) {
    QEventLoop loop;
    QTimer::singleShot(howLong, &loop, &QEventLoop::quit);
    loop.exec();
}

// Milliseconds to wait; none: it can't be understood.
std::optional<std::int64_t> waitFor(const DrillOptions& options, std::string& trouble) {
    if (!options.at.empty()) {
        const QTime time = QTime::fromString(QString::fromStdString(options.at), QStringLiteral("HH:mm"));
        if (!time.isValid()) {
            trouble = "--at " + options.at + ": write a time of day as HH:MM";
            return {};
        }
        const QDateTime now = QDateTime::currentDateTime();
        QDateTime then(now.date(), time);
        if (then <= now) then = then.addDays(1);
        return now.msecsTo(then);
    }
    if (options.in.empty()) return 0;
    char* end = nullptr;
    const double number = std::strtod(options.in.c_str(), &end);
    const std::string unit = end;
    const double seconds = unit == "s" ? 1 : unit == "m" || unit.empty() ? 60 : unit == "h" ? 3600 : 0;
    if (end == options.in.c_str() || seconds <= 0 || number < 0 || number * seconds > 7 * 86400) {
        trouble = "--in " + options.in + ": write a number and s, m or h: 10m";
        return {};
    }
    return static_cast<std::int64_t>(number * seconds * 1000);
}

class Drill {
public:
    Drill(const Arguments& arguments, const DrillOptions& options, const Access& access)
        : m_arguments(arguments), m_options(options), m_nodes(access) {}

    int run() {
        std::string trouble;
        const auto wait = waitFor(m_options, trouble);
        if (!wait) return refuse(trouble, exit_code::usage);
        if (const std::string why = look(); !why.empty()) return refuse(why);
        predict();
        if (m_options.dryRun) return tellPrediction();
        if (*wait > 0) {
            const QString then =
                QDateTime::currentDateTime().addMSecs(*wait).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss"));
            complain("waits until " + then.toStdString() + "; end this program (Ctrl-C) to give it up");
            pause(std::chrono::milliseconds(*wait));
            if (const std::string why = look(); !why.empty()) return refuse(why);
        }
        return carryOut();
    }

private:
    [[nodiscard]] int refuse(const std::string& why, int code = exit_code::failed) const {
        if (m_arguments.json) printJson({{"ok", false}, {"trouble", QString::fromStdString(why)}});
        complain(why);
        return code;
    }

    // Where the group is, and whether a drill makes sense; why not, or empty.
    std::string look() {
        m_from.reset();
        m_to.clear();
        const auto answers = m_nodes.ask(QStringLiteral("/v1/state"));
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i].answered)
                return answers[i].node + " does not answer (" + answers[i].trouble +
                       "): a drill needs both nodes well. `dyad doctor` looks them over";
            const Result<model::ClusterView> view = control::viewFromJson(answers[i].object);
            if (!view) return view.error().text();
            bool known = false;
            for (const model::GroupView& group : view.value().groups) {
                if (group.name != m_options.group) continue;
                known = true;
                if (group.ownRole == model::Role::Active) {
                    m_from = i;
                    m_fromName = view.value().node;
                    m_preferred = group.preferredNode;
                } else {
                    m_to = view.value().node;
                }
            }
            if (!known) return "there is no group \"" + m_options.group + "\"; `dyad status` lists the groups";
        }
        if (answers.size() != 2) return "a drill asks both nodes: leave --url away, or give both addresses";
        if (!m_from || m_to.empty()) return "group " + m_options.group + " is not active on just one node now";
        if (m_options.back && m_preferred != m_to)
            return "--back: the group is on its preferred node " + m_fromName + " already, or prefers none";
        return {};
    }

    void predict() {
        std::vector<model::StepDuration> known;
        for (const NodeAnswer& answer : m_nodes.ask(QStringLiteral("/v1/durations"))) {
            if (!answer.answered) continue;
            const auto durations = control::durationsFromJson(answer.object);
            if (durations) known.insert(known.end(), durations.value().begin(), durations.value().end());
        }
        m_predicted = recorder::predictMove(known, m_options.group);
    }

    [[nodiscard]] QJsonArray predictionJson() const {
        QJsonArray steps;
        for (const model::PredictedStep& step : m_predicted)
            steps.append(QJsonObject{{"name", QString::fromStdString(step.what)},
                                     {"predicted_ms", milliseconds(step.takes)},
                                     {"samples", static_cast<qint64>(step.samples)}});
        return steps;
    }

    [[nodiscard]] int tellPrediction() const {
        if (m_arguments.json) {
            printJson({{"ok", true},
                       {"dry_run", true},
                       {"group", QString::fromStdString(m_options.group)},
                       {"from", QString::fromStdString(m_fromName)},
                       {"to", QString::fromStdString(m_to)},
                       {"predicted", predictionJson()},
                       {"predicted_ms", milliseconds(recorder::totalOf(m_predicted))}});
            return exit_code::ok;
        }
        std::string text = "group " + m_options.group + " would move from " + m_fromName + " to " + m_to + ".\n";
        Table table;
        for (const model::PredictedStep& step : m_predicted)
            table.row({step.what, toText(step.takes), "median of " + std::to_string(step.samples)});
        text += m_predicted.empty()
                    ? "It has never moved before, so nothing can be predicted.\n"
                    : table.text("  ") + "  together about " + toText(recorder::totalOf(m_predicted)) + "\n";
        print(text + "Nothing was changed.\n");
        return exit_code::ok;
    }

    int carryOut() {
        const QString group = control::path::segment(m_options.group);
        const NodeAnswer announced = m_nodes.post(*m_from, QStringLiteral("/v1/groups/%1/drill").arg(group), "{}");
        if (announced.status != 200) return refuse("the drill could not be announced: " + whatCameBack(announced));
        const Instant began = steadyNow();
        const NodeAnswer ordered =
            m_nodes.post(*m_from,
                         QStringLiteral("/v1/groups/%1/%2")
                             .arg(group, m_options.back ? QStringLiteral("switchback") : QStringLiteral("switchover")),
                         "{}", 15s);
        if (ordered.status != 202) return refuse("the order was not accepted: " + whatCameBack(ordered));
        if (!m_arguments.json) print("group " + m_options.group + " moves from " + m_fromName + " to " + m_to + "…\n");
        const bool arrived = waitUntilActive(began);
        pause(historyIsWritten);
        return tell(began, arrived);
    }

    static std::string whatCameBack(const NodeAnswer& answer) {
        if (const auto error = control::errorFromJson(answer.object)) return error->text();
        const std::string text = answer.object[QStringLiteral("text")].toString().toStdString();
        return !text.empty()            ? text
               : answer.trouble.empty() ? "status " + std::to_string(answer.status)
                                        : answer.trouble;
    }

    bool waitUntilActive(Instant began) {
        while (steadyNow() - began < std::chrono::seconds(m_options.timeoutSeconds)) {
            for (const NodeAnswer& answer : m_nodes.ask(QStringLiteral("/v1/state"))) {
                if (!answer.answered) continue;
                const Result<model::ClusterView> view = control::viewFromJson(answer.object);
                if (!view || view.value().node != m_to) continue;
                for (const model::GroupView& group : view.value().groups)
                    if (group.name == m_options.group && group.ownRole == model::Role::Active) return true;
            }
            pause(lookAgain);
        }
        return false;
    }

    int tell(Instant began, bool arrived) {
        std::vector<recorder::NodeTale> tales = fetchTales(m_nodes);
        const auto incidents = recorder::mergeIncidents(tales);
        const recorder::MergedIncident* drill = nullptr;
        for (const recorder::MergedIncident& each : incidents)
            if (each.primary.kind == model::IncidentKind::Drill && each.primary.group == m_options.group &&
                each.ended > began && (!drill || each.began > drill->began))
                drill = &each;
        if (!drill)
            return refuse(arrived ? "the group is active on " + m_to +
                                        ", but the history does not tell of the drill yet; `dyad why --list`"
                                  : "the group is not active on " + m_to + " after " +
                                        std::to_string(m_options.timeoutSeconds) +
                                        " s; `dyad status` and `dyad why` tell more");
        fetchEntries(m_nodes, *drill, tales);
        const recorder::Story story = recorder::tellStory(tales, *drill);
        if (m_arguments.json) {
            QJsonObject object = storyJson(story);
            object.insert(QStringLiteral("ok"), arrived);
            object.insert(QStringLiteral("predicted"), predictionJson());
            printJson(object);
        } else {
            print(report(story, arrived));
        }
        return arrived ? exit_code::ok : exit_code::failed;
    }

    [[nodiscard]] std::string report(const recorder::Story& story, bool arrived) const {
        const Paint paint = Paint::forStandardOutput();
        std::string text = paint.symbol(arrived ? Tone::Good : Tone::Bad) + " drill " + story.incident.name() +
                           ": group " + m_options.group +
                           (arrived ? " is active on " + m_to : " is not active on " + m_to) + "\n";
        Table table;
        table.row({"step", "on", "took", "predicted"});
        for (const recorder::StoryStep& step : story.steps) {
            std::string predicted = "–";
            for (const model::PredictedStep& each : m_predicted)
                if (each.what == step.name) predicted = toText(each.takes);
            table.row({step.name, step.node, toText(step.took), predicted});
        }
        text += table.text("  ");
        if (story.gap)
            text += "  clients were without service for about " + toText(story.gap->length) + " (" + story.gap->from +
                    (m_predicted.empty() ? "" : "; predicted " + toText(recorder::totalOf(m_predicted))) + ")\n";
        return text + "  dyad why " + story.incident.name() + " tells the whole story\n";
    }

    const Arguments& m_arguments;
    const DrillOptions& m_options;
    BothNodes m_nodes;
    std::optional<std::size_t> m_from;
    std::string m_fromName;
    std::string m_to;
    std::string m_preferred;
    std::vector<model::PredictedStep> m_predicted;
};

} // namespace

void addDrill(CLI::App& app, CommandLine& line) {
    CLI::App* sub =
        app.add_subcommand("drill", "Move a group as an exercise, and report how it went against the prediction");
    const auto options = std::make_shared<DrillOptions>();
    sub->add_option("GROUP", options->group, "Name of the group")->required();
    auto* at = sub->add_option("--at", options->at, "At this time of day, HH:MM (this program waits)");
    sub->add_option("--in", options->in, "After so long: 90s, 10m, 2h (this program waits)")->excludes(at);
    sub->add_flag("--back", options->back, "To the preferred node only");
    sub->add_flag("--dry-run", options->dryRun, "Only say what would happen and what it would take");
    sub->add_option("--timeout", options->timeoutSeconds, "Seconds to wait for its end")
        ->capture_default_str()
        ->check(CLI::Range(1u, 86400u));
    sub->callback([&line, options] {
        line.run = [&line, options] {
            return withService(line.arguments,
                               [&](const Access& access) { return Drill(line.arguments, *options, access).run(); });
        };
    });
}

} // namespace dyad::cli
