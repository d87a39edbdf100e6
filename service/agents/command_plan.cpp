// SPDX-License-Identifier: Apache-2.0
#include "agents/command_plan.h"

#include <algorithm>

namespace dyad::agents {

namespace {

MonitorVerdict commandVerdict(int exitCode) {
    switch (exitCode) {
    case 0: return MonitorVerdict::Running;
    case 1: return MonitorVerdict::Failed;
    case exitNotRunning: return MonitorVerdict::Stopped;
    default: return MonitorVerdict::Unclear;
    }
}

// Linux Standard Base, "Init Script Actions": what "status" ends with. 1 and 2 are of a program that has died and left
// its pid file or its lock.
MonitorVerdict lsbVerdict(int exitCode) {
    switch (exitCode) {
    case 0: return MonitorVerdict::Running;
    case 1:
    case 2:
    case 3: return MonitorVerdict::Stopped;
    default: return MonitorVerdict::Unclear;
    }
}

const char* lsbMeaning(int exitCode) {
    switch (exitCode) {
    case 0: return "running";
    case 1: return "dead, and its pid file is there";
    case 2: return "dead, and its lock is there";
    case 3: return "not running";
    case 4: return "unknown";
    default: return "";
    }
}

} // namespace

CommandPlan planCommand(const model::CommandSettings& settings, const std::string& label, const std::string& noteFile) {
    CommandPlan plan{.label = label, .noteFile = noteFile, .user = settings.user};
    plan.start.words = settings.start;
    plan.stop.words = settings.stop;
    plan.forcedStop = plan.stop;
    plan.monitor.words = settings.monitor;
    plan.probe = plan.monitor;
    plan.interval = settings.interval;
    plan.monitorTimeout = std::max(settings.interval, leastMonitorTimeout);
    plan.verdict = settings.lsb ? lsbVerdict : commandVerdict;
    plan.meaning = settings.lsb ? lsbMeaning : +[](int) { return ""; };
    return plan;
}

} // namespace dyad::agents
