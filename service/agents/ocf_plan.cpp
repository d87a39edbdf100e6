// SPDX-License-Identifier: Apache-2.0
#include "agents/ocf_plan.h"

namespace dyad::agents {

namespace {

std::string inMilliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

} // namespace

std::string ocfProgram(const std::string& root, const std::string& provider, const std::string& agent) {
    return root + "/resource.d/" + provider + "/" + agent;
}

PlannedCommand ocfAction(const model::OcfSettings& settings, const std::string& action, const std::string& instance,
                         Duration timeout, const OcfPlaces& places) {
    PlannedCommand command{.words = {ocfProgram(places.root, settings.provider, settings.agent), action},
                           .environment = {{"OCF_ROOT", places.root},
                                           {"OCF_RA_VERSION_MAJOR", "1"},
                                           {"OCF_RA_VERSION_MINOR", "1"},
                                           {"OCF_RESOURCE_INSTANCE", instance},
                                           {"OCF_RESOURCE_TYPE", settings.agent},
                                           {"OCF_RESOURCE_PROVIDER", settings.provider},
                                           {"OCF_RESKEY_CRM_meta_timeout", inMilliseconds(timeout)},
                                           {"HA_RSCTMP", places.temporary}}};
    for (const auto& [name, value] : settings.parameters)
        command.environment["OCF_RESKEY_" + name] = value;
    return command;
}

CommandPlan planOcf(const model::OcfSettings& settings, const std::string& group, const std::string& resource,
                    Duration startTimeout, Duration stopTimeout, const OcfPlaces& places) {
    // Agents take the instance for a part of file names, so that it has no slash.
    const std::string instance = group + "." + resource;
    CommandPlan plan{.label = group + "/" + resource, .noteFile = places.noteFile};
    plan.start = ocfAction(settings, "start", instance, startTimeout, places);
    plan.stop = ocfAction(settings, "stop", instance, stopTimeout, places);
    // It goes by what it is told how soon it has to kill.
    plan.forcedStop = ocfAction(settings, "stop", instance, killStopTime, places);
    plan.probe = ocfAction(settings, "monitor", instance, firstLookTime, places);
    plan.probe.environment["OCF_RESKEY_CRM_meta_interval"] = "0"; // what agents know a probe by
    plan.monitor = ocfAction(settings, "monitor", instance, settings.monitorTimeout, places);
    plan.monitor.environment["OCF_RESKEY_CRM_meta_interval"] = inMilliseconds(settings.interval);
    // A probe is answered leniently ("not running" where the agent can't even look): the last look is none.
    plan.lastLook = ocfAction(settings, "monitor", instance, killProbeTime, places);
    plan.lastLook.environment["OCF_RESKEY_CRM_meta_interval"] = inMilliseconds(settings.interval);
    if (settings.checkLevel > 0) plan.monitor.environment["OCF_CHECK_LEVEL"] = std::to_string(settings.checkLevel);
    plan.interval = settings.interval;
    plan.monitorTimeout = settings.monitorTimeout;
    plan.processesKeepTheMark = false;
    plan.verdict = ocfVerdict;
    plan.meaning = ocfMeaning;
    return plan;
}

const char* ocfMeaning(int exitCode) {
    switch (exitCode) {
    case 0: return "success";
    case 1: return "generic error";
    case 2: return "invalid argument";
    case 3: return "action not implemented";
    case 4: return "insufficient privileges";
    case 5: return "not installed";
    case 6: return "not configured";
    case exitNotRunning: return "not running";
    case 8: return "running as promoted";
    case 9: return "failed as promoted";
    default: return "";
    }
}

MonitorVerdict ocfVerdict(int exitCode) {
    switch (exitCode) {
    case 0:
    case 8: return MonitorVerdict::Running;
    case 1:
    case 9: return MonitorVerdict::Failed;
    case 5: return MonitorVerdict::NotInstalled;
    case exitNotRunning: return MonitorVerdict::Stopped;
    default: return MonitorVerdict::Unclear;
    }
}

} // namespace dyad::agents
