// SPDX-License-Identifier: Apache-2.0
#include "agents/factory.h"

#include <cerrno>
#include <sys/stat.h>

#include "agents/command_agent.h"
#include "agents/mariadb_agent.h"
#include "agents/ocf_plan.h"
#include "agents/pool_agent.h"
#include "agents/postgresql_agent.h"
#include "agents/probed_agent.h"
#include "agents/process_agent.h"
#include "agents/process_settings.h"
#include "agents/systemd_agent.h"
#include "base/errno_text.h"

namespace dyad::agents {

Result<std::unique_ptr<ports::Agent>> makeAgent(const model::ResourceSetup& resource, const std::string& groupName,
                                                const std::string& runDirectory, const std::string& stateDirectory) {
    using Made = Result<std::unique_ptr<ports::Agent>>;
    const Places places{runDirectory, stateDirectory};
    const std::string& name = resource.name;
    const std::string noteFile = runDirectory + "/" + groupName + "." + name + ".started";
    if (const auto* process = std::get_if<model::ProcessSettings>(&resource.settings))
        return Made(std::make_unique<ProcessAgent>(planProcess(*process, groupName, name, places)));
    if (const auto* command = std::get_if<model::CommandSettings>(&resource.settings))
        return Made(std::make_unique<CommandAgent>(planCommand(*command, groupName + "/" + name, noteFile)));
    if (const auto* agent = std::get_if<model::OcfSettings>(&resource.settings)) {
        const std::string temporary = runDirectory + "/ocf";
        if (::mkdir(temporary.c_str(), 0755) != 0 && errno != EEXIST)
            return Error{"make the folder", temporary, errnoText(errno), "look at the service's run directory"};
        return Made(
            std::make_unique<CommandAgent>(planOcf(*agent, groupName, name, resource.startTimeout, resource.stopTimeout,
                                                   {.temporary = temporary, .noteFile = noteFile})));
    }
    if (const auto* database = std::get_if<model::PostgresqlSettings>(&resource.settings))
        return Made(std::make_unique<ProcessAgent>(planPostgresql(*database, groupName, name, places)));
    if (const auto* database = std::get_if<model::MariadbSettings>(&resource.settings))
        return Made(std::make_unique<ProcessAgent>(planMariadb(*database, groupName, name, places)));
    if (const auto* unit = std::get_if<model::SystemdSettings>(&resource.settings))
        return Made(std::make_unique<SystemdAgent>(unit->unit));
    return Error{
        "make an agent for", groupName + "/" + name, "type \"" + resource.type + "\" isn't known to this room", {}};
}

std::unique_ptr<ports::Agent> makePoolAgent(const model::PoolSettings& settings, const std::string& groupName,
                                            const std::string& name, const std::string& runDirectory,
                                            ports::AlarmPort& alarms) {
    return std::make_unique<PoolAgent>(planPool(settings, groupName, name, runDirectory), alarms);
}

std::unique_ptr<ports::Agent> withProbes(std::unique_ptr<ports::Agent> agent,
                                         const std::vector<model::HealthCheck>& probes, const std::string& label) {
    if (probes.empty()) return agent;
    return std::make_unique<ProbedAgent>(std::move(agent), probes, label);
}

} // namespace dyad::agents
