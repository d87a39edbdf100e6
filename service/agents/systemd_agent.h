// SPDX-License-Identifier: Apache-2.0
// A resource that systemd starts and stops: a unit. Its death is an event: systemd tells every change of its state.
//
// Whatever a job ends with, the unit's own state decides: Running is "active", Stopped is "inactive" or "failed". Where
// the bus goes away in the midst of a start or stop, it is judged when the bus is back; the engine's time-outs bound
// it.
#pragma once

#include <string>

#include "agents/systemd_unit.h"
#include "ports/agent.h"

namespace dyad::agents {

inline constexpr Duration systemdPatience = 3s; // for a systemd that can't be reached; then the answer says so

class SystemdAgent final : public ports::Agent {
public:
    explicit SystemdAgent(const std::string& unit, const std::string& busAddress = systemBusAddress());

    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override;
    // SIGKILL to the whole unit, and its stop, so that systemd doesn't start it again.
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;

private:
    enum class Doing { Nothing, Starting, Stopping, Killing };
    // How far a start or stop is.
    enum class Step { Reaching, Job, Judging };

    void begin(Doing doing, ports::AgentDone done);
    void ask();
    void jobEnded(const Result<std::string>& result);
    void factsCame(const model::UnitFacts& facts, bool wasDown);
    void reached(const model::UnitFacts& facts);
    void judge(const model::UnitFacts& facts);
    void answerProbes(const model::UnitFacts& facts);
    void wentAway(const std::string& why);
    void outOfPatience();
    void nowRunning(const model::UnitFacts& facts);
    void finish(model::ResourceOutcome outcome, const std::string& detail);
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);
    [[nodiscard]] std::string describe(const model::UnitFacts& facts) const;

    std::string m_name;
    SystemdUnit m_unit;
    Doing m_doing = Doing::Nothing;
    Step m_step = Step::Reaching;
    bool m_running = false;
    bool m_lostBus = false; // since the job was asked for: its end was not heard
    bool m_toldAway = false;
    bool m_toldEnabled = false;
    std::string m_jobWords;
    ports::AgentDone m_done;
    std::vector<ports::AgentDone> m_probes;
    Timer m_patience;
};

} // namespace dyad::agents
