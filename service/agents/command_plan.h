// SPDX-License-Identifier: Apache-2.0
// What a CommandAgent runs: the part in which a `command` resource and an OCF resource differ.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/configuration.h"

namespace dyad::agents {

inline constexpr int exitNotRunning = 7;             // as OCF has it
inline constexpr Duration leastMonitorTimeout = 10s; // a monitor gets its interval, and this at least
inline constexpr Duration killStopTime = 3s;         // what a forced stop gives the stop command
inline constexpr Duration killProbeTime = 1500ms;    // and then the last look; together within the engine's 5 s

// What the exit code of a monitor says of the resource.
enum class MonitorVerdict : std::uint8_t { Running, Stopped, Failed, NotInstalled, Unclear };

struct PlannedCommand {
    std::vector<std::string> words; // absolute program and arguments; empty: there is none
    std::map<std::string, std::string> environment;
};

struct CommandPlan {
    std::string label;    // "erp/web"
    std::string noteFile; // in the run directory: says that the start command has succeeded
    std::string user;     // empty: root
    PlannedCommand start;
    PlannedCommand stop;
    PlannedCommand monitor;    // again and again while the resource runs
    PlannedCommand probe;      // the same question out of turn
    PlannedCommand forcedStop; // the stop command once more, within killStopTime
    Duration interval{};       // between two monitors
    Duration monitorTimeout{};
    // Every process of the resource keeps the mark of child_environment.h. Where some may lose it (`su -` does that),
    // only a monitor can tell after a forced stop that nothing is left: `lastLook`.
    bool processesKeepTheMark = true;
    PlannedCommand lastLook;
    MonitorVerdict (*verdict)(int exitCode) = nullptr;
    const char* (*meaning)(int exitCode) = nullptr; // in words; "" for a code that has none
};

[[nodiscard]] CommandPlan planCommand(const model::CommandSettings& settings, const std::string& label,
                                      const std::string& noteFile);

} // namespace dyad::agents
