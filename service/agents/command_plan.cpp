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
    plan.verdict = commandVerdict;
    plan.meaning = [](int) { return ""; };
    return plan;
}

} // namespace dyad::agents
