// SPDX-License-Identifier: Apache-2.0
// From a configured resource to its agent.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/configuration.h"
#include "ports/agent.h"
#include "ports/outside.h"

namespace dyad::agents {

// For resources of type process, command, ocf:PROVIDER:AGENT, systemd:UNIT, postgresql and mariadb; others (filesystem,
// address, pool) are made elsewhere and are an error here. `runDirectory` is emptied by a boot, `stateDirectory` is
// not; both exist.
// Doesn't block, starts nothing.
[[nodiscard]] Result<std::unique_ptr<ports::Agent>> makeAgent(const model::ResourceSetup& resource,
                                                              const std::string& groupName,
                                                              const std::string& runDirectory,
                                                              const std::string& stateDirectory);

// For a resource of type pool. `alarms` must outlive the agent. Doesn't block, starts nothing.
[[nodiscard]] std::unique_ptr<ports::Agent> makePoolAgent(const model::PoolSettings& settings,
                                                          const std::string& groupName, const std::string& name,
                                                          const std::string& runDirectory, ports::AlarmPort& alarms);

// The agent itself where there are no probes; else one that asks them, too, as long as the resource runs.
[[nodiscard]] std::unique_ptr<ports::Agent> withProbes(std::unique_ptr<ports::Agent> agent,
                                                       const std::vector<model::HealthCheck>& probes,
                                                       const std::string& label);

} // namespace dyad::agents
