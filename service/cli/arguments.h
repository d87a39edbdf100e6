// SPDX-License-Identifier: Apache-2.0
// The command line as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dyad::cli {

enum class Command { Status, Watch, Switchover, Switchback, ClearFailure, Maintenance, Events, ConfigCheck, Replay, Version };

struct Arguments {
    Command command = Command::Status;
    bool json = false;

    std::string group; // switchover, switchback, clear-failure
    std::string node;  // maintenance: which
    bool on = false;   // maintenance
    bool wait = true;  // switchover, switchback
    unsigned timeoutSeconds = 120;
    bool follow = false; // events
    std::optional<std::uint64_t> after;
    unsigned last = 50;
    std::string file; // config check; empty: `configuration`

    std::string recording = "/var/lib/dyad/flight.ring"; // replay
    std::string from;                                    // number of a run, or "last"; empty: all runs
    std::string until;                                   // step, "+SECONDS", or time of day
    std::vector<std::string> whatIf;                     // NAME=VALUE
    bool steps = false;
    bool asScenario = false;

    // Where the service is.
    std::string configuration = "/etc/dyad/dyad.toml";
    std::string viaNode; // ask this node first; empty: the one with this host's name
    std::vector<std::string> urls;
    std::string tokenFile = "/etc/dyad/operator.token";
    std::string certificate = "/etc/dyad/tls/certificate.pem";
};

// Help and usage errors are written here already; then the exit code comes back.
[[nodiscard]] std::variant<Arguments, int> parseArguments(int argc, char** argv);

} // namespace dyad::cli
