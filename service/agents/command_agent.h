// SPDX-License-Identifier: Apache-2.0
// A resource that commands start, stop and ask after: of type `command`, or an OCF resource agent. Whether it runs is
// known only from its monitor, or, without one, from a note in the run directory that its start has succeeded.
#pragma once

#include <memory>
#include <string>

#include "agents/captured_command.h"
#include "agents/command_plan.h"
#include "agents/process_sweeper.h"
#include "agents/timer.h"
#include "ports/agent.h"

namespace dyad::agents {

class CommandAgent final : public ports::Agent {
public:
    explicit CommandAgent(CommandPlan plan);

    void start(bool takeover, ports::AgentDone done) override;
    // Runs the stop command, then ends what still carries the resource's mark.
    void stop(ports::AgentDone done) override;
    // Ends every command of ours and every marked process; then gives the stop command a short time, unless it was just
    // that which hung: what was started may be no process at all. Where processes may have lost the mark, it is Stopped
    // only when the monitor says so.
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;

private:
    using Ended = std::function<void(const Result<platform::ChildEnd>& end, const std::string& output)>;

    void run(std::unique_ptr<CapturedCommand>& slot, const PlannedCommand& command, Ended ended);
    [[nodiscard]] std::string describe(const Result<platform::ChildEnd>& end, const std::string& output) const;
    [[nodiscard]] MonitorVerdict verdictOf(const Result<platform::ChildEnd>& end) const;
    void finish(model::ResourceOutcome outcome, const std::string& detail);
    void sweepThenStopped(const std::string& detail);
    void afterForce(const std::string& detail);
    void nowRunning();
    void monitor();
    void monitored(const Result<platform::ChildEnd>& end, const std::string& output);
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);
    void note(bool started);

    enum class Doing { Nothing, Starting, Stopping, Killing };

    CommandPlan m_plan;
    Doing m_doing = Doing::Nothing;
    bool m_running = false;
    bool m_toldUnhealthy = false;
    bool m_toldCouldNotRun = false;
    ports::AgentDone m_done;
    std::unique_ptr<CapturedCommand> m_action; // start or stop
    std::unique_ptr<CapturedCommand> m_monitor;
    std::unique_ptr<CapturedCommand> m_probing;
    ProcessSweeper m_sweeper;
    Timer m_killDeadline;
    Timer m_killProbeDeadline;
    Timer m_monitorTimer;
    Timer m_monitorDeadline;
};

} // namespace dyad::agents
