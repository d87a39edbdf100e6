// SPDX-License-Identifier: Apache-2.0
// dyad-lab: two real hosts on one machine.
#include "lab/array.h"
#include "lab/chaos/appender.h"
#include "lab/chaos/command_line.h"
#include "lab/client.h"
#include "lab/demo.h"
#include "lab/host.h"
#include "lab/image.h"
#include "lab/network.h"
#include "lab/responder.h"
#include "lab/world.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstring>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace {

using namespace dyad;
using namespace dyad::lab;

int finish(const Result<void>& result) {
    if (result) return 0;
    std::cerr << "dyad-lab: " << result.error().text() << '\n';
    return 1;
}

template <typename T>
Result<void> discard(const Result<T>& result) {
    if (!result) return result.error();
    return {};
}

// What the lab starts of itself; not for people.
int internalMain(int count, char** words) {
    const std::vector<std::string> arguments(words, words + count);
    if (arguments[0] == "array") return arrayMain();
    if (arguments[0] == "host" && count == 2) return hostMain(arguments[1]);
    if (arguments[0] == "prepare" && count == 3) return prepareMain(arguments[1], arguments[2]);
    if (arguments[0] == "responder") return responderMain();
    if (arguments[0] == "append" && count == 2) return appendMain(arguments[1]);
    if (arguments[0] == "read-appended") return readAppendedMain();
    if (arguments[0] == "write-mark" && count == 3) return writeMarkMain(arguments[1], arguments[2]);
    return 2;
}

Result<void> cut(const std::string& link, const std::string& host) {
    return host.empty() ? cutBetweenHosts(link) : pullCable(host, link);
}

int execute(const std::string& host, const std::vector<std::string>& command) {
    const auto whole = insideHost(host, command);
    if (!whole) return finish(whole.error());
    std::vector<char*> arguments;
    for (const auto& word : whole.value())
        arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    return finish(Error{"run", "nsenter", errnoText(errno), "Install util-linux."});
}

int loadMain(double seconds) {
    Client client({});
    if (auto started = client.start(); !started) return finish(started);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const ClientGap gap = client.gap();
    const auto verdict = client.verify();
    if (!verdict) return finish(verdict.error());
    std::cout << verdict.value().acknowledged << " rows acknowledged, " << verdict.value().found << " found, "
              << verdict.value().duplicates << " twice; longest gap " << toText(gap.longest)
              << " (the probe itself was late by up to " << toText(gap.worstLateness) << ")\n";
    return verdict.value().holds() ? 0 : 1;
}

int execMain(const std::vector<std::string>& arguments) {
    if (arguments.size() < 2 || (arguments[0] != "alpha" && arguments[0] != "beta")) {
        std::cerr << "dyad-lab: exec needs a host and a command: dyad-lab exec alpha dyad status\n";
        return 2;
    }
    const auto first = arguments.begin() + (arguments[1] == "--" ? 2 : 1);
    return execute(arguments[0], {first, arguments.end()});
}

} // namespace

int main(int count, char** words) {
    if (count >= 3 && std::strcmp(words[1], "internal") == 0) return internalMain(count - 2, words + 2);

    if (count >= 2 && std::strcmp(words[1], "exec") == 0 && !(count == 3 && std::strcmp(words[2], "--help") == 0))
        return execMain({words + 2, words + count});

    CLI::App app{"Two real hosts, a real disk array, a real database and a real client on one machine. Needs root."};
    app.require_subcommand(1);
    const CLI::IsMember hosts({"alpha", "beta"});
    int status = 0;

    DemoOptions demo;
    auto* demoCommand = app.add_subcommand("demo", "five failures under load, with their time lines");
    demoCommand->add_flag("--json", demo.json, "the last line is one JSON object");
    demoCommand->add_flag("--keep", demo.keep, "leave the pair running");
    demoCommand->add_option("--picture", demo.picture, "write the power-off's time line to this file, as SVG");
    demoCommand->add_option("--profile", demo.profile, "fast or standard")
        ->check(CLI::IsMember({"fast", "standard", "relaxed"}));
    demoCommand->callback([&] { status = demoMain(demo); });

    UpOptions up;
    bool noService = false;
    auto* upCommand = app.add_subcommand("up", "build the lab and power both hosts on");
    upCommand->add_option("--profile", up.pair.profile, "fast, standard or relaxed")
        ->check(CLI::IsMember({"fast", "standard", "relaxed"}));
    upCommand->add_flag("--no-service", noService, "don't start dyadd on the hosts");
    upCommand->callback([&] {
        up.service = !noService;
        status = finish(bringUp(up));
    });
    app.add_subcommand("down", "remove everything the lab has made, also after a crash")->callback([&] {
        status = finish(takeDown());
    });
    app.add_subcommand("status", "what is on")->callback([&] {
        for (const auto& line : describe())
            std::cout << line << '\n';
    });

    std::string host;
    // Listed here for --help; execMain() takes it, because every word behind the host belongs to the program.
    app.add_subcommand("exec", "run a program inside a host: exec alpha dyad status");

    const auto hostCommand = [&](const char* name, const char* help,
                                 std::function<Result<void>(const std::string&)> action) {
        auto* subcommand = app.add_subcommand(name, help);
        subcommand->add_option("host", host)->required()->check(hosts);
        subcommand->callback([&status, &host, action] { status = finish(action(host)); });
        return subcommand;
    };
    hostCommand("poweroff", "cut the host's power", [](const std::string& which) { return discard(powerOff(which)); });
    hostCommand("poweron", "let the host boot", powerOn);
    hostCommand("shutdown", "let the host shut down in order",
                [](const std::string& which) { return shutDown(which, 60s); });
    double seconds = 1;
    hostCommand("freeze", "let every process of the host stand still",
                [&](const std::string& which) {
                    return freeze(which, std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
                })
        ->add_option("seconds", seconds)
        ->required()
        ->check(CLI::Range(0.001, 3600.0));

    std::string link;
    auto* cutCommand = app.add_subcommand("cut", "cut a link between the hosts, or pull one host's cable");
    cutCommand->add_option("link", link)->required()->check(CLI::IsMember({privateLink, publicLink, storageLink}));
    cutCommand->add_option("host", host)->check(hosts);
    cutCommand->callback([&] { status = finish(cut(link, host)); });
    app.add_subcommand("heal", "mend every cut and plug every cable")->callback([&] {
        status = finish(healNetwork());
    });

    std::string order;
    auto* array = app.add_subcommand("array", "switch the disk array off or on");
    array->add_option("order", order)->required()->check(CLI::IsMember({"start", "stop"}));
    array->callback([&] { status = finish(order == "start" ? startArray() : stopArray()); });

    addChaosCommand(app, status);

    double loadSeconds = 5;
    auto* load = app.add_subcommand("load", "let the client write for some seconds, then read everything back");
    load->add_option("seconds", loadSeconds)->check(CLI::Range(0.1, 86400.0));
    load->callback([&] { status = loadMain(loadSeconds); });

    CLI11_PARSE(app, count, words);
    return status;
}
