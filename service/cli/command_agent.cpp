// SPDX-License-Identifier: Apache-2.0
// dyad agent: the OCF resource agents of this host; what each is, and whether it keeps what the standard promises.
#include "agents/agent_trial.h"
#include "agents/ocf_metadata.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"
#include "cli/order_question.h"
#include "cli/output.h"
#include "cli/words.h"
#include "config/problems.h"

#include <CLI/CLI.hpp>

#include <QJsonArray>
#include <QTemporaryDir>

#include <csignal>
#include <unistd.h>

namespace dyad::cli {
namespace {

constexpr std::size_t summaryWidth = 60;
volatile std::sig_atomic_t interrupted = 0; // what was started is stopped before the program ends

struct AgentOptions {
    std::string type; // ocf:PROVIDER:AGENT, or the end of it where only one fits
    std::string part;
    std::vector<std::string> parameters;
    unsigned timeoutSeconds = 60;
    bool dryRun = false;
    bool yes = false;
};

std::string typeOf(const agents::OcfName& name) { return "ocf:" + name.provider + ":" + name.agent; }

QString text(const std::string& value) { return QString::fromStdString(value); }

int refuse(const std::string& why, int code, bool json) {
    if (json)
        printJson(QJsonObject{{"ok", false}, {"error", text(why)}});
    else
        complain(why);
    return code;
}

// The agent that was named, whole or by its last word.
Result<agents::OcfName> findAgent(const std::string& type) {
    std::vector<agents::OcfName> fitting;
    std::vector<std::string> known;
    for (const agents::OcfName& each : agents::installedOcfAgents()) {
        if (typeOf(each) == type) return each;
        if (each.agent == type || each.provider + ":" + each.agent == type) fitting.push_back(each);
        known.push_back(type.find(':') == std::string::npos ? each.agent : typeOf(each));
    }
    if (fitting.size() == 1) return fitting.front();
    if (fitting.size() > 1)
        return Error{"find the agent", type, "several providers have one of this name",
                     "write " + typeOf(fitting[0]) + " or " + typeOf(fitting[1])};
    return Error{"find the agent", type, "it is not installed on this host",
                 known.empty() ? "apt install resource-agents" : config::suggestion(type, known)};
}

int list(const Arguments& arguments, const std::string& part) {
    Table table;
    QJsonArray all;
    std::size_t count = 0;
    for (const agents::OcfName& each : agents::installedOcfAgents()) {
        const std::string type = typeOf(each);
        if (type.find(part) == std::string::npos) continue;
        ++count;
        all.append(text(type));
        table.row({type});
    }
    if (arguments.json)
        printJson(QJsonObject{{"ok", true}, {"agents", all}});
    else if (count > 0)
        print(table.text(""));
    else
        print(part.empty() ? "no OCF agents are installed here: apt install resource-agents\n"
                           : "no agent of this host has \"" + part + "\" in its name\n");
    return exit_code::ok;
}

std::string wrapped(const std::string& description, const std::string& indent) {
    std::string lines;
    std::string line;
    const auto flush = [&] {
        if (!line.empty()) lines += indent + line + "\n";
        line.clear();
    };
    std::istringstream words(description);
    for (std::string word; words >> word;) {
        if (widthOf(line) + widthOf(word) > summaryWidth + 16) flush();
        line += (line.empty() ? "" : " ") + word;
    }
    flush();
    return lines;
}

QJsonObject toJson(const std::string& type, const model::AgentMetadata& metadata) {
    QJsonArray parameters;
    for (const model::AgentParameter& each : metadata.parameters) {
        QJsonObject object{{"name", text(each.name)},
                           {"type", text(each.type)},
                           {"required", each.required},
                           {"summary", text(each.summary)},
                           {"description", text(each.description)}};
        object["default"] = each.defaultValue ? QJsonValue(text(*each.defaultValue)) : QJsonValue();
        parameters.append(object);
    }
    QJsonArray actions;
    for (const model::AgentAction& each : metadata.actions)
        actions.append(QJsonObject{{"name", text(each.name)},
                                   {"timeout_ms", qint64{wholeMilliseconds(each.timeout).count()}},
                                   {"interval_ms", qint64{wholeMilliseconds(each.interval).count()}},
                                   {"depth", static_cast<int>(each.depth)}});
    return {{"ok", true},
            {"type", text(type)},
            {"version", text(metadata.version)},
            {"summary", text(metadata.summary)},
            {"description", text(metadata.description)},
            {"parameters", parameters},
            {"actions", actions}};
}

void describeText(const std::string& type, const model::AgentMetadata& metadata) {
    const Paint paint = Paint::forStandardOutput();
    std::string all =
        paint.text(Tone::Strong, type) + "  " + metadata.summary + "\n\n" + wrapped(metadata.description, "");
    all += "\n" + paint.text(Tone::Strong, "PARAMETERS") + "\n";
    for (const model::AgentParameter& each : metadata.parameters) {
        const std::string needed = each.required && !each.defaultValue ? ", required" : "";
        const std::string otherwise =
            each.defaultValue && !each.defaultValue->empty() ? ", default " + *each.defaultValue : "";
        all += "  " + paint.text(Tone::Strong, each.name) + "  " + (each.type.empty() ? "string" : each.type) + needed +
               otherwise + "\n" + wrapped(each.description.empty() ? each.summary : each.description, "      ");
    }
    all += "\n" + paint.text(Tone::Strong, "ACTIONS") + "\n";
    Table table;
    for (const model::AgentAction& each : metadata.actions)
        table.row({each.name, each.timeout > Duration(0) ? "within " + toText(each.timeout) : "",
                   each.interval > Duration(0) ? "every " + toText(each.interval) : "",
                   each.depth > 0 ? "check level " + std::to_string(each.depth) : ""});
    all += table.text("  ");
    all += "\nIn dyad.toml:\n\n  [[group.resource]]\n  name = \"" + metadata.name + "\"\n  type = \"" + type + "\"\n";
    std::string needed;
    for (const model::AgentParameter& each : metadata.parameters)
        if (each.required && !each.defaultValue) needed += (needed.empty() ? "" : ", ") + each.name + " = \"...\"";
    if (!needed.empty()) all += "  parameters = { " + needed + " }\n";
    print(all);
}

int describe(const Arguments& arguments, const AgentOptions& options) {
    const Result<agents::OcfName> agent = findAgent(options.type);
    if (!agent) return refuse(agent.error().text(), exit_code::failed, arguments.json);
    const auto metadata = agents::readOcfMetadata(agent.value().provider, agent.value().agent);
    if (!metadata) return refuse(metadata.error().text(), exit_code::failed, arguments.json);
    if (arguments.json)
        printJson(toJson(typeOf(agent.value()), metadata.value()));
    else
        describeText(typeOf(agent.value()), metadata.value());
    return exit_code::ok;
}

QJsonObject toJson(const agents::TrialStep& step) {
    return {{"name", text(step.name)},
            {"expected", text(step.expected)},
            {"got", text(step.got)},
            {"output", text(step.output)},
            {"passed", step.passed},
            {"advisory", step.advisory},
            {"took_ms", qint64{wholeMilliseconds(step.took).count()}}};
}

int test(const Arguments& arguments, const AgentOptions& options) {
    const Result<agents::OcfName> agent = findAgent(options.type);
    if (!agent) return refuse(agent.error().text(), exit_code::failed, arguments.json);
    const std::string type = typeOf(agent.value());
    agents::AgentTrial trial{.settings = {.provider = agent.value().provider, .agent = agent.value().agent},
                             .patience = std::chrono::seconds(options.timeoutSeconds)};
    for (const std::string& each : options.parameters) {
        const std::size_t equals = each.find('=');
        if (equals == 0 || equals == std::string::npos)
            return refuse("the parameter \"" + each + "\" is not NAME=VALUE", exit_code::usage, arguments.json);
        trial.settings.parameters[each.substr(0, equals)] = each.substr(equals + 1);
    }
    Result<model::AgentMetadata> metadata = agents::readOcfMetadata(agent.value().provider, agent.value().agent);
    if (!metadata) return refuse(metadata.error().text(), exit_code::failed, arguments.json);
    trial.metadata = std::move(metadata.value());
    if (options.dryRun) {
        QJsonArray names;
        std::string lines = type + " would be taken through these steps on this host:\n";
        for (const std::string& each : agents::trialSteps(trial)) {
            names.append(text(each));
            lines += "  " + each + "\n";
        }
        if (arguments.json)
            printJson(QJsonObject{{"ok", true}, {"dry_run", true}, {"steps", names}});
        else
            print(lines);
        return exit_code::ok;
    }
    if (!options.yes && somebodyIsThere() &&
        !askYesOrNo("What " + type + " stands for is started and stopped on this host. Shall it be done?"))
        return exit_code::notConfirmed;
    const QTemporaryDir temporary;
    if (!temporary.isValid())
        return refuse("no temporary folder can be made: " + temporary.errorString().toStdString(), exit_code::failed,
                      arguments.json);
    trial.places.temporary = temporary.path().toStdString();
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    trial.givenUp = [] { return interrupted != 0; };
    const Paint paint = Paint::forStandardOutput();
    QJsonArray steps;
    bool well = true;
    // A step may take as long as the agent likes: who watches sees which one it is.
    const bool watched = !arguments.json && ::isatty(STDOUT_FILENO) == 1;
    trial.onBegin = [watched](const std::string& name) {
        if (watched) print("  " + name + " ...");
    };
    trial.onStep = [&](const agents::TrialStep& step) {
        well = well && (step.passed || step.advisory);
        steps.append(toJson(step));
        if (watched) print("\r\033[K");
        if (arguments.json) return;
        const Tone tone = step.passed ? Tone::Good : step.advisory ? Tone::Warning : Tone::Bad;
        std::string line = paint.symbol(tone) + " " + step.name + ": " + step.got + ", " + toText(step.took) + "\n";
        if (!step.passed) line += "    expected: " + step.expected + "\n";
        if (!step.passed && !step.output.empty()) line += "    it said: " + step.output + "\n";
        print(line);
    };
    [[maybe_unused]] const std::vector<agents::TrialStep> all = agents::tryAgent(trial);
    if (interrupted != 0) return refuse("interrupted; what was started is stopped", exit_code::failed, arguments.json);
    if (arguments.json)
        printJson(QJsonObject{{"ok", well}, {"type", text(type)}, {"steps", steps}});
    else
        print(well ? type + " keeps what the standard promises\n"
                   : type + " does not keep all that the standard promises\n");
    return well ? exit_code::ok : exit_code::failed;
}

} // namespace

void addAgent(CLI::App& app, CommandLine& line) {
    CLI::App* agent =
        app.add_subcommand("agent", "The OCF resource agents of this host (resources of type ocf:PROVIDER:AGENT)");
    agent->require_subcommand(1);
    agent->fallthrough();
    const auto options = std::make_shared<AgentOptions>();

    CLI::App* listing = agent->add_subcommand("list", "Those that are installed");
    listing->add_option("PART", options->part, "Only those with this in their name");
    listing->callback(
        [&line, options] { line.run = [&line, options] { return list(line.arguments, options->part); }; });

    CLI::App* describing = agent->add_subcommand("describe", "What an agent does, its parameters and its actions");
    describing->add_option("AGENT", options->type, "ocf:heartbeat:nginx, or nginx where only one provider has it")
        ->required();
    describing->callback(
        [&line, options] { line.run = [&line, options] { return describe(line.arguments, *options); }; });

    CLI::App* testing = agent->add_subcommand(
        "test", "Start, monitor and stop on this host, each twice, and what it must refuse; as the standard wants it");
    testing->add_option("AGENT", options->type, "ocf:heartbeat:nginx, or nginx where only one provider has it")
        ->required();
    testing->add_option("-p,--parameter", options->parameters, "NAME=VALUE, as often as needed");
    testing->add_option("--timeout", options->timeoutSeconds, "Seconds for each step")
        ->check(CLI::Range(1U, 3600U))
        ->capture_default_str();
    testing->add_flag("--dry-run", options->dryRun, "Only say which steps would be done");
    testing->add_flag("-y,--yes", options->yes, "Don't ask");
    testing->callback([&line, options] { line.run = [&line, options] { return test(line.arguments, *options); }; });
}

} // namespace dyad::cli
