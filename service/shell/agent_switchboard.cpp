// SPDX-License-Identifier: Apache-2.0
#include "shell/agent_switchboard.h"

#include "base/check.h"

namespace dyad::shell {

void AgentSwitchboard::add(model::GroupId group, model::ResourceId resource, std::unique_ptr<ports::Agent> agent) {
    agent->onNotice = [this, group, resource](const ports::AgentNotice& notice) {
        if (onNotice) onNotice({group, resource, notice.kind, notice.detail});
    };
    m_agents[{group, resource}] = std::move(agent);
}

void AgentSwitchboard::send(const model::ResourceRequest& request) {
    const auto found = m_agents.find({request.group, request.resource});
    DYAD_CHECK(found != m_agents.end(), "a request was sent to a resource that has no agent");
    ports::Agent& agent = *found->second;
    const auto answered = [this, request](const ports::AgentResult& result) {
        model::ResourceAnswer answer;
        answer.operation = request.operation;
        answer.epoch = request.epoch;
        answer.group = request.group;
        answer.resource = request.resource;
        answer.verb = request.verb;
        answer.outcome = result.outcome;
        answer.detail = result.detail;
        if (onAnswer) onAnswer(answer);
    };
    switch (request.verb) {
    case model::ResourceVerb::Start: agent.start(request.takeover, answered); break;
    case model::ResourceVerb::Stop: agent.stop(answered); break;
    case model::ResourceVerb::Kill: agent.kill(answered); break;
    case model::ResourceVerb::Probe: agent.probe(answered); break;
    }
}

model::ResourceChecks AgentSwitchboard::checks(model::GroupId group, model::ResourceId resource) const {
    const auto found = m_agents.find({group, resource});
    return found == m_agents.end() ? model::ResourceChecks() : found->second->checks();
}

} // namespace dyad::shell
