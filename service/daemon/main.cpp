// SPDX-License-Identifier: Apache-2.0
// dyadd: the service.
#include "config/load.h"
#include "daemon/composition/composition.h"
#include "daemon/configuration/configuration_part.h"
#include "daemon/configuration/restart_in_place.h"
#include "daemon/termination.h"

#include <CLI/CLI.hpp>

#include <QCoreApplication>

#include <systemd/sd-daemon.h>

#include <cstdio>
#include <filesystem>
#include <malloc.h>
#include <map>
#include <optional>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace dyad;

constexpr int exitConfiguration = 78; // EX_CONFIG: starting it again doesn't help

std::string hostName() {
    char name[256] = {};
    ::gethostname(name, sizeof name - 1);
    return name;
}

std::optional<model::NodeId> nodeCalled(const model::Configuration& configuration, const std::string& name) {
    for (const model::NodeId node : model::bothNodes)
        if (configuration.nodes[model::indexOf(node)].name == name) return node;
    return {};
}

int complain(const std::string& text) {
    std::fprintf(stderr, "dyadd: %s\n", text.c_str());
    return exitConfiguration;
}

} // namespace

int main(int argc, char** argv) {
    // Few threads, each idle nearly always: a heap for each of them would keep what it once had.
    ::mallopt(M_ARENA_MAX, 1);
    daemon::rememberCommandLine(argc, argv);
    daemon::Options options;
    options.node = hostName();
    options.programDirectory = std::filesystem::canonical("/proc/self/exe").parent_path();
    const std::map<std::string, daemon::SelfFenceMode> selfFenceModes{{"reset", daemon::SelfFenceMode::Reset},
                                                                      {"stop", daemon::SelfFenceMode::Stop}};

    CLI::App app{"The service of Dyad: keeps groups of resources running on one of two nodes"};
    app.add_option("--config", options.configuration, "the configuration file, the same on both nodes")
        ->capture_default_str();
    app.add_option("--node", options.node, "which node of the file this host is")->capture_default_str();
    app.add_option("--run-dir", options.runDirectory, "what a boot forgets")->capture_default_str();
    app.add_option("--state-dir", options.stateDirectory, "what a boot keeps")->capture_default_str();
    app.add_option("--boot-id-file", options.bootIdFile)->capture_default_str();
    app.add_option("--key-file", options.keyFile, "the cluster key, mode 0600")->capture_default_str();
    app.add_option("--tls-dir", options.tlsDirectory, "certificate.pem and key.pem")->capture_default_str();
    app.add_option("--tokens", options.tokens, "who may do what")->capture_default_str();
    app.add_option("--self-fence", options.selfFence,
                   "when a resource that must go can't be stopped: reset this host, or only say so (stop)")
        ->transform(CLI::CheckedTransformer(selfFenceModes))
        ->option_text("reset|stop [reset]");
    CLI11_PARSE(app, argc, argv);

    daemon::finishInterruptedApply(options);
    config::Loaded loaded = config::loadFile(options.configuration);
    for (const config::Problem& warning : loaded.warnings)
        std::fprintf(stderr, "dyadd: warning: %s\n", config::toText(warning).c_str());
    for (const config::Problem& problem : loaded.problems)
        std::fprintf(stderr, "dyadd: %s\n", config::toText(problem).c_str());
    if (!loaded.configuration) return complain("not started: the configuration has errors");
    const std::optional<model::NodeId> self = nodeCalled(*loaded.configuration, options.node);
    if (!self)
        return complain(options.configuration + ": no [[node]] is called \"" + options.node +
                        "\"; name this host's node with --node");

    // A busy host must not make an owner miss its peer's challenge.
    ::setpriority(PRIO_PROCESS, 0, -15);

    const daemon::TerminationPipe termination; // before any thread, so that all of them leave the signals alone
    QCoreApplication application(argc, argv);
    const daemon::InheritedChildren inherited;
    Result<std::unique_ptr<daemon::Composition>> composition =
        daemon::Composition::make(options, std::move(*loaded.configuration), *self);
    if (!composition) return complain(composition.error().text());
    if (Result<void> started = composition.value()->start(); !started) return complain(started.error().text());

    termination.onSignal([&](const char* signal) {
        ::sd_notify(0, "STOPPING=1");
        composition.value()->shutDown(signal, [] { QCoreApplication::quit(); });
    });
    ::sd_notify(0, "READY=1");
    return QCoreApplication::exec();
}
