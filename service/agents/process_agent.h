// SPDX-License-Identifier: Apache-2.0
// Starts a program, watches it by its pidfd (its death is an event, not a poll), stops it, and kills it with everything
// it has started.
//
// The program outlives the service. The record file in the run directory holds its pid and start time; the next life of
// the service finds it there, takes a pidfd of it and supervises it as before (probe()). Only its exit code is then
// unknown, because a process tells it to its parent alone.
//
//   Stopped -> Preparing -> Sweeping -> Starting -> Running -> Stopping -> Stopped
//                     \________\___________\___________\____________\----> Killing -> Stopped
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/health_monitor.h"
#include "agents/process_plan.h"
#include "agents/process_sweeper.h"
#include "agents/program_log.h"
#include "ports/agent.h"

namespace dyad::agents {

inline constexpr Duration readyInterval = 10ms;
inline constexpr Duration readyTimeout = 2s; // of one readiness probe; the next follows
inline constexpr Duration logCareInterval = 60s;

class ProcessAgent final : public ports::Agent {
public:
    explicit ProcessAgent(ProcessPlan plan);
    ~ProcessAgent() override; // leaves the program as it is

    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override;
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;
    [[nodiscard]] model::ResourceChecks checks() const override;

private:
    enum class State { Stopped, Preparing, Sweeping, Starting, Running, Stopping, Killing };

    // The steps of a start, in their order.
    void prepare();
    void sweepThenSpawn(Result<platform::ChildSetup> setup);
    void spawn(const platform::ChildSetup& setup);
    void askWhetherReady();
    void nowRunning(const std::string& detail);
    void startFailed(std::string why);

    [[nodiscard]] bool adopt();
    void waitUntilReady(); // of what runs already
    void supervise(platform::Child child);
    void mainEnded();
    void died(const std::string& how);
    void endSupervision();
    // While the main process is known to live, its session tells its children too; later the number may be a
    // stranger's.
    [[nodiscard]] platform::ProcessTraits traitsNow() const;
    void sweepThenStopped();
    void showProgress();
    [[nodiscard]] std::string lastCheck() const;
    void answer(std::vector<ports::AgentDone>& waiting, model::ResourceOutcome outcome, const std::string& detail);
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);

    ProcessPlan m_plan;
    State m_state = State::Stopped;
    ProgramLog m_log;
    std::vector<ports::AgentDone> m_startWaiting;
    std::vector<ports::AgentDone> m_stopWaiting;
    std::vector<ports::AgentDone> m_probeWaiting; // for the first readiness check of what was adopted

    platform::Child m_child;
    std::unique_ptr<DescriptorWatch> m_endWatch;
    std::unique_ptr<Aside> m_preparing;
    std::unique_ptr<ProbeRunner> m_readyProbe;
    std::unique_ptr<HealthMonitor> m_health;
    ProcessSweeper m_sweeper;
    Instant m_startedAt;
    bool m_spawned = false; // this start got as far as a process, so that the log is its own
    std::string m_lastNotReady;
    Timer m_readyTimer;
    Timer m_logTimer;
};

} // namespace dyad::agents
