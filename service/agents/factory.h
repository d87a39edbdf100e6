// SPDX-License-Identifier: Apache-2.0
// From a configured resource to its agent.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/configuration.h"
#include "ports/agent.h"

namespace dyad::agents {

// For resources of type process, command, ocf:PROVIDER:AGENT, postgresql and mariadb; others (filesystem, address) are
// made in their own rooms and are an error here. `runDirectory` is emptied by a boot, `stateDirectory` is not; both exist.
// Doesn't block, starts nothing.
[[nodiscard]] Result<std::unique_ptr<ports::Agent>> makeAgent(const model::ResourceSetup& resource,
                                                              const std::string& groupName,
                                                              const std::string& runDirectory,
                                                              const std::string& stateDirectory);

} // namespace dyad::agents
