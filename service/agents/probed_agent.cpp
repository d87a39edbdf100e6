// SPDX-License-Identifier: Apache-2.0
#include "agents/probed_agent.h"

namespace dyad::agents {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

ProbedAgent::ProbedAgent(std::unique_ptr<ports::Agent> agent, const std::vector<model::HealthCheck>& checks,
                         const std::string& label)
    : m_agent(std::move(agent)) {
    m_agent->onNotice = [this](const ports::AgentNotice& notice) {
        if (notice.kind == Kind::Died) end();
        if (onNotice) onNotice(notice);
    };
    for (const model::HealthCheck& check : checks) {
        auto monitor = std::make_unique<HealthMonitor>(
            makeProbe(check.probe, label), HealthPace{check.interval, check.timeout, check.failures, check.of});
        const std::string subject = "probe " + check.name;
        monitor->onUnhealthy = [this, subject](const std::string& detail) {
            notice(Kind::Unhealthy, subject + ": " + detail);
        };
        monitor->onFailure = [this, subject](const std::string& detail) {
            notice(Kind::Progress, subject + " has failed: " + detail);
        };
        monitor->onCouldNotRun = [this, subject](const std::string& detail) {
            notice(Kind::Progress, subject + " could not be run: " + detail);
        };
        monitor->onWell = [this, subject] { notice(Kind::Progress, subject + " is well again"); };
        m_watched.push_back({check.name, describe(check.probe), std::move(monitor)});
    }
}

void ProbedAgent::begin() {
    for (const Watched& each : m_watched)
        each.monitor->start();
}

void ProbedAgent::end() {
    ++m_round;
    for (const Watched& each : m_watched)
        each.monitor->stop();
}

void ProbedAgent::start(bool takeover, ports::AgentDone done) {
    m_agent->start(takeover, [this, round = m_round, done = std::move(done)](ports::AgentResult result) {
        if (round == m_round && result.outcome == ResourceOutcome::Running) begin();
        done(std::move(result));
    });
}

void ProbedAgent::stop(ports::AgentDone done) {
    end();
    m_agent->stop(std::move(done));
}

void ProbedAgent::kill(ports::AgentDone done) {
    end();
    m_agent->kill(std::move(done));
}

void ProbedAgent::probe(ports::AgentDone done) {
    m_agent->probe([this, round = m_round, done = std::move(done)](ports::AgentResult result) {
        if (round == m_round && result.outcome == ResourceOutcome::Running) begin();
        if (result.outcome == ResourceOutcome::Stopped || result.outcome == ResourceOutcome::Failed) end();
        done(std::move(result));
    });
}

model::ResourceChecks ProbedAgent::checks() const {
    model::ResourceChecks all = m_agent->checks();
    for (const Watched& each : m_watched) {
        model::ProbeView view = each.monitor->view();
        view.name = each.name;
        view.what = each.what;
        all.probes.push_back(std::move(view));
    }
    return all;
}

void ProbedAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

} // namespace dyad::agents
