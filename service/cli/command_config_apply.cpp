// SPDX-License-Identifier: Apache-2.0
// dyad config apply, rollback: a new configuration on both nodes or on none.
#include "cli/both_nodes.h"
#include "cli/commands.h"
#include "cli/config_report.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "cli/service_post.h"
#include "config/digest.h"
#include "config/load.h"
#include "control/protocol/configuration_json.h"

#include <CLI/CLI.hpp>

#include <QEventLoop>
#include <QFile>
#include <QJsonArray>

#include <iostream>
#include <unistd.h>

namespace dyad::cli {
namespace {

constexpr Duration checkPatience = 15s; // the service checks on both hosts
constexpr Duration applyPatience = 30s;
constexpr std::chrono::milliseconds lookInterval(500);

struct ApplyOptions {
    std::string file;
    std::uint64_t revision = 0; // rollback; 0: the one before
    bool alone = false;
    bool dryRun = false;
    bool yes = false;
    bool wait = true;
    unsigned timeoutSeconds = 120;
};

// Asked on a terminal only; a script has said what it wants by calling.
bool confirmed(const ApplyOptions& options, const Arguments& arguments) {
    if (options.yes || arguments.json || ::isatty(STDIN_FILENO) == 0) return true;
    std::cout << "Go on? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "yes";
}

// Until each node that can be asked runs the digest, or the patience is over.
bool follow(const Access& access, const ApplyOptions& options, const Arguments& arguments, std::uint64_t digest) {
    BothNodes nodes(access);
    const Instant until = steadyNow() + std::chrono::seconds(options.timeoutSeconds);
    std::vector<bool> told(nodes.count());
    while (true) {
        bool all = true;
        const auto answers = nodes.ask(QStringLiteral("/v1/config?text=no"), 2s);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const auto picture = answers[i].answered ? control::pictureFromJson(answers[i].object)
                                                     : Result<model::ConfigurationPicture>(Error{});
            const bool runs = picture && picture.value().runningDigest == digest;
            if (runs && !told[i] && !arguments.json) print(picture.value().node + " runs it\n");
            told[i] = told[i] || runs;
            all = all && (runs || (options.alone && !answers[i].answered));
        }
        if (all) return true;
        if (steadyNow() > until) return false;
        QEventLoop pause;
        QTimer::singleShot(lookInterval, &pause, &QEventLoop::quit);
        pause.exec();
    }
}

int finish(const model::ApplyReport& report, const Arguments& arguments, bool well, bool running) {
    if (arguments.json) {
        QJsonObject object = control::toJson(report);
        object["running"] = running;
        printJson(object);
    }
    return well ? exit_code::ok : exit_code::failed;
}

int applyToPair(const Access& access, const Arguments& arguments, const ApplyOptions& options, const std::string& text) {
    const auto send = [&](bool dryRun) {
        return postToService(access, QStringLiteral("/v1/config/apply"),
                             QJsonObject{{"text", QString::fromStdString(text)},
                                         {"alone", options.alone},
                                         {"dry_run", dryRun}},
                             dryRun ? checkPatience : applyPatience);
    };
    const PostAnswer preview = send(true);
    if (!preview.answered()) return report(preview.failure, arguments.json);
    const Result<model::ApplyReport> would = control::applyReportFromJson(preview.object);
    if (!would) return report({control::Failure::Kind::Unreadable, would.error()}, arguments.json);
    if (!arguments.json) print(applyText(would.value()) + would.value().text + "\n");
    if (!would.value().accepted) return finish(would.value(), arguments, false, false);
    if (options.dryRun) return finish(would.value(), arguments, true, false);
    if (options.alone && !arguments.json)
        print("warning: without the other node's consent; it takes the revision over when it can be asked again\n");
    if (!confirmed(options, arguments)) return exit_code::notConfirmed;

    const PostAnswer answer = send(false);
    if (!answer.answered()) return report(answer.failure, arguments.json);
    const Result<model::ApplyReport> done = control::applyReportFromJson(answer.object);
    if (!done) return report({control::Failure::Kind::Unreadable, done.error()}, arguments.json);
    if (!arguments.json) print(done.value().text + "\n");
    if (!done.value().accepted) return finish(done.value(), arguments, false, false);
    if (!options.wait) return finish(done.value(), arguments, true, false);
    const bool running = follow(access, options, arguments, config::digestOf(text));
    if (!running && !arguments.json)
        print("not both nodes run it yet; look at `dyad status` for an alarm, and at `dyad config history`\n");
    return finish(done.value(), arguments, running, running);
}

int applyFile(const Arguments& arguments, const ApplyOptions& options) {
    QFile file(QString::fromStdString(options.file));
    if (!file.open(QIODevice::ReadOnly)) {
        complain("read " + options.file + ": " + file.errorString().toStdString());
        return exit_code::usage;
    }
    const std::string text = file.read(static_cast<qint64>(config::maxFileBytes) + 1).toStdString();
    const config::Loaded loaded = config::loadText(text, options.file);
    if (!loaded.configuration) { // told with this file's name, and without asking anybody
        model::ApplyReport refused;
        refused.text = options.file + " is not valid";
        model::ConfigurationReport local;
        local.digest = config::digestOf(text);
        for (const config::Problem& each : loaded.problems)
            local.findings.push_back(
                {true, each.file, each.line, each.column, each.key, each.value, each.text, each.remedy});
        if (!arguments.json)
            for (const model::Finding& each : local.findings)
                print(findingLine(each));
        refused.reports.push_back(std::move(local));
        (void)finish(refused, arguments, false, false);
        return exit_code::configurationInvalid;
    }
    return withService(arguments,
                       [&](const Access& access) { return applyToPair(access, arguments, options, text); });
}

// The text of an older revision, from whichever node has it.
int rollback(const Arguments& arguments, const ApplyOptions& options) {
    return withService(arguments, [&](const Access& access) -> int {
        BothNodes nodes(access);
        const auto pictures = nodes.ask(QStringLiteral("/v1/config?text=no"));
        for (const NodeAnswer& each : pictures) {
            const auto picture =
                each.answered ? control::pictureFromJson(each.object) : Result<model::ConfigurationPicture>(Error{});
            if (!picture) continue;
            const auto& history = picture.value().history;
            std::uint64_t wanted = options.revision;
            if (wanted == 0 && history.size() > 1) wanted = history[history.size() - 2].revision.number;
            if (wanted == 0) {
                complain("there is no revision before the present one");
                return exit_code::failed;
            }
            for (const NodeAnswer& found : nodes.ask(QStringLiteral("/v1/config/revisions/%1").arg(wanted)))
                if (found.answered)
                    return applyToPair(access, arguments, options,
                                     found.object[QStringLiteral("text")].toString().toStdString());
            complain("revision " + std::to_string(wanted) + " is kept on no node that answers; `dyad config history`");
            return exit_code::failed;
        }
        complain("no node could be asked: " + (pictures.empty() ? std::string() : pictures.front().trouble));
        return exit_code::unreachable;
    });
}

void addOptions(CLI::App& command, const std::shared_ptr<ApplyOptions>& options) {
    command.add_flag("--alone", options->alone, "Without the other node, which can't be asked; it follows later");
    command.add_flag("--dry-run", options->dryRun, "Check on both nodes and say what would happen; change nothing");
    command.add_flag("--yes,-y", options->yes, "Don't ask whether to go on");
    command.add_flag("--no-wait{false}", options->wait, "Don't wait until both nodes run it");
    command.add_option("--timeout", options->timeoutSeconds, "Seconds to wait at most; the switch goes on after that")
        ->capture_default_str()
        ->check(CLI::Range(1u, 86400u));
}

} // namespace

void addConfigApply(CLI::App& config, CommandLine& line) {
    auto options = std::make_shared<ApplyOptions>();
    CLI::App* apply = config.add_subcommand("apply", "Give a new configuration to both nodes, or to none");
    apply->add_option("FILE", options->file, "The new configuration")->required();
    addOptions(*apply, options);
    apply->callback([&line, options] { line.run = [&line, options] { return applyFile(line.arguments, *options); }; });

    auto back = std::make_shared<ApplyOptions>();
    CLI::App* rollbackCommand = config.add_subcommand("rollback", "Apply an earlier revision again");
    rollbackCommand->add_option("REVISION", back->revision, "Its number (default: the one before the present one)");
    addOptions(*rollbackCommand, back);
    rollbackCommand->callback([&line, back] { line.run = [&line, back] { return rollback(line.arguments, *back); }; });
}

} // namespace dyad::cli
