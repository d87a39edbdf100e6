// SPDX-License-Identifier: Apache-2.0
// dyad config init: a first dyad.toml from what this host has and a few questions; or from flags alone, with --yes.
#include "cli/commands.h"
#include "cli/config_report.h"
#include "cli/exit_codes.h"
#include "cli/output.h"
#include "config/init/first_file.h"
#include "config/load.h"

#include <CLI/CLI.hpp>

#include <QHostInfo>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <sstream>
#include <unistd.h>

namespace dyad::cli {
namespace {

struct InitOptions {
    std::string file;
    bool yes = false;
    bool force = false;
    bool show = false;
    std::vector<std::string> links;
    config::FirstFile answers;
    bool noGateway = false;
};

constexpr unsigned maxAsked = 5; // tries per question

class Questions {
public:
    explicit Questions(bool ask) : m_ask(ask) {}

    // The answer, or the proposal where Enter was pressed or nothing is asked. `judge` says what is wrong with an answer;
    // it is then asked again. None: the input has ended, or an answer that nobody is asked about isn't good.
    std::optional<std::string> text(const std::string& question, const std::string& proposal,
                                    const std::function<std::string(std::string&)>& judge = {}) {
        for (unsigned tries = 0; tries < maxAsked; ++tries) {
            std::string answer = proposal;
            if (m_ask) {
                std::cout << question << (proposal.empty() ? "" : " [" + proposal + "]") << ": " << std::flush;
                std::string line;
                if (!std::getline(std::cin, line)) return std::nullopt;
                if (!line.empty()) answer = line == "-" ? "" : line;
            }
            const std::string wrong = judge ? judge(answer) : std::string();
            if (wrong.empty()) return answer;
            complain(wrong);
            if (!m_ask) return std::nullopt;
        }
        return std::nullopt;
    }

private:
    bool m_ask;
};

std::string needed(const std::string& answer, const char* what) {
    return answer.empty() ? std::string(what) + " is needed" : "";
}

// "private=10.77.1.1,10.77.1.2"
std::optional<config::FirstLink> linkIn(const std::string& written) {
    const std::size_t equals = written.find('=');
    const std::size_t comma = written.find(',');
    if (equals == std::string::npos || comma == std::string::npos || comma < equals) return std::nullopt;
    return config::FirstLink{written.substr(0, equals), written.substr(equals + 1, comma - equals - 1),
                             written.substr(comma + 1)};
}

std::string readRoutes() {
    std::ifstream stream("/proc/net/route");
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

// Fills in what is missing. False: given up, the reason is told.
bool complete(InitOptions& options, const std::vector<config::InterfaceAddress>& interfaces) {
    config::FirstFile& file = options.answers;
    Questions ask(!options.yes);
    const auto fill = [](std::string& field, const std::optional<std::string>& answer) {
        if (answer) field = *answer;
        return answer.has_value();
    };
    const std::string gateway = config::defaultGateway(readRoutes());
    if (!options.yes) print("This host has: " + config::listOf(interfaces) + "\nEnter takes what stands in brackets, - leaves it out.\n");

    const bool names =
        fill(file.cluster, ask.text("Name of the pair", file.cluster.empty() ? "pair" : file.cluster,
                                    [](std::string& a) { return needed(a, "a name of the pair"); })) &&
        fill(file.own, ask.text("Name of this node", file.own, [](std::string& a) { return needed(a, "this node's name"); })) &&
        fill(file.peer, ask.text("Name of the other node", file.peer,
                                 [](std::string& a) { return needed(a, "the other node's name (--peer)"); }));
    if (!names) return false;

    if (file.links.empty()) {
        for (config::FirstLink link : config::proposeLinks(interfaces, gateway)) {
            const auto peer = ask.text("Link \"" + link.name + "\" from " + link.own +
                                           " (this node) to the other node's address, - for no such link",
                                       link.peer);
            if (!peer) return false;
            link.peer = *peer;
            if (!peer->empty()) file.links.push_back(link);
        }
        if (file.links.empty()) {
            complain("there is no link: this host has no address that the other node could be heard on; name one with "
                     "--link NAME=OWN,PEER");
            return false;
        }
    }
    if (file.gateways.empty() && !options.noGateway) {
        const auto router = ask.text("Gateway that tells whether clients can be reached", gateway);
        if (!router) return false;
        if (!router->empty()) file.gateways.push_back(*router);
    }
    return fill(file.group, ask.text("Name of the group (what moves as one)", file.group.empty() ? "main" : file.group,
                                     [](std::string& a) { return needed(a, "a name of the group"); })) &&
           fill(file.lunUrl, ask.text("LUN, iscsi://PORTAL:3260/TARGET/NUMBER", file.lunUrl)) &&
           (file.lunUrl.empty() ||
            fill(file.mount, ask.text("Mount point of its filesystem", file.mount.empty() ? "/srv/" + file.group : file.mount))) &&
           (file.lunUrl.empty() ||
            fill(file.postgresqlData, ask.text("Data directory of a PostgreSQL on it", file.postgresqlData))) &&
           fill(file.address, ask.text("Floating address", file.address, [&](std::string& answer) -> std::string {
                    if (answer.empty()) return "";
                    Result<std::string> whole = config::floatingAddressOn(interfaces, answer);
                    if (!whole) return whole.error().text();
                    answer = whole.value();
                    return "";
                }));
}

// Whole or not at all; a file that is there stays unless `force`.
std::string write(const std::string& path, const std::string& text, bool force) {
    const std::string beside = path + ".new";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0) return "write " + beside + ": " + std::strerror(errno);
    const bool well = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
    int number = errno;
    ::close(file);
    // link(2) refuses where a file is there already, whoever was quicker.
    if (well && (force ? ::rename(beside.c_str(), path.c_str()) : ::link(beside.c_str(), path.c_str())) == 0) {
        if (!force) ::unlink(beside.c_str());
        return "";
    }
    if (well) number = errno;
    ::unlink(beside.c_str());
    return "write " + path + ": " + std::strerror(number) +
           (number == EEXIST ? "; --force overwrites it, `dyad config apply` changes a running pair" : "");
}

int init(const Arguments& arguments, InitOptions options) {
    const std::string path = options.file.empty() ? arguments.configuration : options.file;
    if (!options.force && !options.show && ::access(path.c_str(), F_OK) == 0) {
        complain(path + " is there already; --force overwrites it, `dyad config apply` changes a running pair");
        return exit_code::failed;
    }
    for (const std::string& written : options.links) {
        const auto link = linkIn(written);
        if (!link) {
            complain("--link " + written + ": write NAME=OWN-ADDRESS,PEER-ADDRESS");
            return exit_code::usage;
        }
        options.answers.links.push_back(*link);
    }
    if (options.answers.own.empty()) options.answers.own = QHostInfo::localHostName().toStdString();
    const std::vector<config::InterfaceAddress> interfaces = config::interfaceAddresses();
    if (!complete(options, interfaces)) return exit_code::usage;

    const std::string text = config::firstText(options.answers);
    const config::Loaded loaded = config::loadText(text, path);
    for (const config::Problem& each : loaded.problems)
        complain(config::toText(each));
    if (!loaded.configuration) {
        complain("nothing was written");
        return exit_code::configurationInvalid;
    }
    if (!arguments.json)
        for (const config::Problem& each : loaded.warnings)
            print("warning: " + config::toText(each) + "\n");
    if (options.show) {
        print(text);
        return exit_code::ok;
    }
    if (const std::string trouble = write(path, text, options.force); !trouble.empty()) {
        complain(trouble);
        return exit_code::failed;
    }
    if (arguments.json)
        printJson({{"ok", true}, {"file", QString::fromStdString(path)}});
    else
        print(path + " is written. Copy it, cluster.key, tls/ and tokens to " + options.answers.peer +
              ", look with `dyad config check` on both, and start dyadd on both.\n");
    return exit_code::ok;
}

} // namespace

void addConfigInit(CLI::App& config, CommandLine& line) {
    auto options = std::make_shared<InitOptions>();
    config::FirstFile& file = options->answers;
    CLI::App* command = config.add_subcommand("init", "Write a first configuration: asks a few questions, proposes what this host has");
    command->add_option("FILE", options->file, "Where to (default: the one of --config)");
    command->add_option("--cluster", file.cluster, "Name of the pair");
    command->add_option("--self", file.own, "Name of this node (default: this host's)");
    command->add_option("--peer", file.peer, "Name of the other node");
    command->add_option("--link", options->links, "NAME=OWN,PEER: a link with both addresses; may be given several times");
    command->add_option("--gateway", file.gateways, "A router that must answer; may be given several times");
    command->add_flag("--no-gateway", options->noGateway, "None is watched");
    command->add_option("--profile", file.profile, "fast, standard or relaxed")->capture_default_str();
    command->add_option("--group", file.group, "Name of the group");
    command->add_option("--lun", file.lunUrl, "iscsi://PORTAL:3260/TARGET/NUMBER");
    command->add_option("--mount", file.mount, "Where its filesystem is mounted");
    command->add_option("--fstype", file.fstype, "ext4 or xfs")->capture_default_str();
    command->add_option("--postgresql", file.postgresqlData, "Data directory of a PostgreSQL on it");
    command->add_option("--command", file.command, "A program and its arguments");
    command->add_option("--address", file.address, "The floating address, 10.77.0.100/24");
    command->add_flag("--yes,-y", options->yes, "Ask nothing: flags and proposals decide");
    command->add_flag("--show", options->show, "Only write it on the screen");
    command->add_flag("--force", options->force, "Overwrite a file that is there");
    command->callback([&line, options] { line.run = [&line, options] { return init(line.arguments, *options); }; });
}

} // namespace dyad::cli
