// SPDX-License-Identifier: Apache-2.0
// An agent of any type with probes beside it: they are asked as long as its resource runs, and one that fails is the
// resource's own failure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/health_monitor.h"
#include "model/configuration.h"
#include "ports/agent.h"

namespace dyad::agents {

class ProbedAgent final : public ports::Agent {
public:
    // `label`: "erp/web".
    ProbedAgent(std::unique_ptr<ports::Agent> agent, const std::vector<model::HealthCheck>& checks,
                const std::string& label);

    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override;
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;
    [[nodiscard]] model::ResourceChecks checks() const override;

private:
    struct Watched {
        std::string name;
        std::string what;
        std::unique_ptr<HealthMonitor> monitor;
    };

    void begin();
    void end();
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);

    std::unique_ptr<ports::Agent> m_agent;
    std::vector<Watched> m_watched;
    std::uint64_t m_round = 0; // a start that was overtaken by a stop begins nothing
};

} // namespace dyad::agents
