// SPDX-License-Identifier: Apache-2.0
#include "agents/process_settings.h"

#include "agents/child_environment.h"

namespace dyad::agents {

ProcessPlan planProcess(const model::ProcessSettings& settings, const std::string& group, const std::string& resource,
                        const Places& places) {
    ProcessPlan plan;
    plan.label = group + "/" + resource;
    plan.recordFile = places.record(group, resource);
    plan.logFile = places.log(group, resource);
    plan.traits.environmentMark = markOf(plan.label);
    plan.stopSignal = settings.stopSignal;
    plan.prepare = [settings, label = plan.label](const Aside::Cancelled&) -> Result<platform::ChildSetup> {
        platform::ChildSetup setup{.command = settings.command};
        if (!settings.workingDirectory.empty()) setup.workingDirectory = settings.workingDirectory;
        if (!settings.user.empty()) {
            Result<platform::UserAccount> user = platform::findUser(settings.user);
            if (!user) return user.error();
            setup.user = std::move(user).value();
        }
        setup.environment = childEnvironment(label, setup.user ? &*setup.user : nullptr, settings.environment);
        return setup;
    };
    if (settings.ready)
        plan.makeReadyProbe = [probe = *settings.ready, label = plan.label] { return makeProbe(probe, label); };
    if (settings.health) {
        plan.makeHealthProbe = [probe = settings.health->probe, label = plan.label] { return makeProbe(probe, label); };
        plan.healthInterval = settings.health->interval;
        plan.healthTimeout = settings.health->timeout;
        plan.healthFailures = settings.health->failures;
        plan.healthOf = settings.health->of;
        plan.healthWords = describe(settings.health->probe);
    }
    return plan;
}

} // namespace dyad::agents
