// SPDX-License-Identifier: Apache-2.0
// Connects the engine's resource requests with the agents: one agent per resource, answers with operation id and epoch.
#pragma once

#include "ports/agent.h"
#include "ports/resource_port.h"

#include <map>
#include <memory>
#include <utility>

namespace dyad::shell {

class AgentSwitchboard : public ports::ResourcePort {
public:
    // Takes the agent of one resource; to be called before the first request for it.
    void add(model::GroupId group, model::ResourceId resource, std::unique_ptr<ports::Agent> agent);

    void send(const model::ResourceRequest& request) override;
    [[nodiscard]] model::ResourceChecks checks(model::GroupId group, model::ResourceId resource) const override;

private:
    std::map<std::pair<model::GroupId, model::ResourceId>, std::unique_ptr<ports::Agent>> m_agents;
};

} // namespace dyad::shell
