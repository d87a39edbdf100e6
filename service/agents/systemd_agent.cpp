// SPDX-License-Identifier: Apache-2.0
#include "agents/systemd_agent.h"

#include <csignal>

namespace dyad::agents {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

bool isUp(const model::UnitFacts& facts) {
    return facts.active == "active" || facts.active == "reloading" || facts.active == "refreshing";
}

bool isDown(const model::UnitFacts& facts) { return facts.active == "inactive" || facts.active == "failed"; }

// Where systemd waits before it starts again what has died: that is ours to decide.
bool waitsForRestart(const model::UnitFacts& facts) { return facts.sub.starts_with("auto-restart"); }

// Why it can't be started, with the remedy; empty: it can.
std::string cannotStart(const std::string& unit, const model::UnitFacts& facts) {
    if (facts.load == "not-found")
        return "systemd has no unit " + unit + ". Install the package that has it on both nodes";
    if (facts.load == "masked") return "the unit " + unit + " is masked. Run `systemctl unmask " + unit + "`";
    if (facts.load != "loaded")
        return "systemd can't load the unit " + unit + " (" + facts.load + ")" +
               (facts.loadError.empty() ? "" : ": " + facts.loadError);
    return "";
}

} // namespace

SystemdAgent::SystemdAgent(const std::string& unit, const std::string& busAddress)
    : m_name(unit), m_unit(unit, busAddress), m_patience([this] { outOfPatience(); }) {
    m_unit.onFacts = [this](const model::UnitFacts& facts, bool wasDown) { factsCame(facts, wasDown); };
    m_unit.onAway = [this](const std::string& why) { wentAway(why); };
    m_unit.open();
}

std::string SystemdAgent::describe(const model::UnitFacts& facts) const {
    std::string text = m_name + " is " + facts.active + " (" + facts.sub + ")";
    if (!facts.result.empty() && facts.result != "success") {
        text += ", " + facts.result;
        if (facts.exitCode == CLD_EXITED)
            text += ": exit code " + std::to_string(facts.exitStatus);
        else if (facts.exitCode == CLD_KILLED || facts.exitCode == CLD_DUMPED)
            text += ": signal " + std::to_string(facts.exitStatus);
    }
    return text;
}

void SystemdAgent::start(bool /*takeover*/, ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::Failed, "another start or stop is under way"});
    if (m_running) return done({ResourceOutcome::Running, "runs already"});
    begin(Doing::Starting, std::move(done));
}

void SystemdAgent::stop(ports::AgentDone done) {
    if (m_doing == Doing::Killing) return done({ResourceOutcome::Failed, "is being killed"});
    if (m_done) finish(ResourceOutcome::Failed, "overtaken by a stop");
    begin(Doing::Stopping, std::move(done));
}

void SystemdAgent::kill(ports::AgentDone done) {
    if (m_done) finish(ResourceOutcome::Failed, "overtaken by a forced stop");
    begin(Doing::Killing, std::move(done));
}

void SystemdAgent::probe(ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::CouldNotRun, "a start or stop is under way"});
    m_probes.push_back(std::move(done));
    if (!m_unit.known() && !m_patience.running()) m_patience.start(systemdPatience);
    m_unit.look();
}

void SystemdAgent::begin(Doing doing, ports::AgentDone done) {
    m_doing = doing;
    m_step = Step::Reaching;
    m_done = std::move(done);
    m_lostBus = false;
    if (doing != Doing::Starting) m_running = false; // whatever its state says from now on is no death
    if (!m_unit.known()) {
        if (!m_patience.running()) m_patience.start(systemdPatience);
        return;
    }
    if (doing == Doing::Killing) return ask(); // no time for a question first
    m_unit.look();
}

// The unit's state is known: what is asked of systemd?
void SystemdAgent::reached(const model::UnitFacts& facts) {
    if (m_doing == Doing::Starting) {
        if (const std::string why = cannotStart(m_name, facts); !why.empty())
            return finish(ResourceOutcome::Failed, why);
    } else if (facts.load != "loaded" && isDown(facts)) {
        return finish(ResourceOutcome::Stopped, describe(facts) + ", " + facts.load);
    }
    ask();
}

void SystemdAgent::ask() {
    m_step = Step::Job;
    m_jobWords.clear();
    const auto ended = [this](const Result<std::string>& result) { jobEnded(result); };
    if (m_doing == Doing::Starting) return m_unit.start(ended);
    if (m_doing == Doing::Killing) m_unit.kill();
    m_unit.stop(ended);
}

void SystemdAgent::jobEnded(const Result<std::string>& result) {
    m_jobWords = result ? "the job ended with \"" + result.value() + "\"" : result.error().text();
    m_step = Step::Judging;
    m_unit.look();
}

void SystemdAgent::factsCame(const model::UnitFacts& facts, bool wasDown) {
    m_patience.stop();
    if (std::exchange(m_toldAway, false)) notice(Kind::Progress, "systemd is there again: " + describe(facts));
    answerProbes(facts);
    if (m_doing != Doing::Nothing) {
        if (m_step == Step::Reaching) return reached(facts);
        if (m_step == Step::Judging) judge(facts);
        return;
    }
    if (!m_running || (isUp(facts) && !wasDown)) return;
    m_running = false;
    notice(Kind::Died, isUp(facts) ? m_name + " was down and is started again, not by this service" : describe(facts));
}

void SystemdAgent::judge(const model::UnitFacts& facts) {
    const bool between = !isUp(facts) && !isDown(facts) && !waitsForRestart(facts);
    if (m_lostBus && between) return; // its job goes on, and every change is told
    const std::string detail = describe(facts) + (m_jobWords.empty() ? "" : "; " + m_jobWords);
    if (m_doing == Doing::Starting) {
        if (!isUp(facts)) return finish(ResourceOutcome::Failed, detail);
        nowRunning(facts);
        return finish(ResourceOutcome::Running, describe(facts));
    }
    if (!isDown(facts)) return finish(ResourceOutcome::Failed, detail);
    finish(ResourceOutcome::Stopped, describe(facts));
}

void SystemdAgent::answerProbes(const model::UnitFacts& facts) {
    std::vector<ports::AgentDone> waiting;
    waiting.swap(m_probes);
    if (waiting.empty()) return;
    ports::AgentResult result{ResourceOutcome::Failed, describe(facts)};
    if (m_doing != Doing::Nothing) {
        result = {ResourceOutcome::CouldNotRun, "overtaken by a start or stop"};
    } else if (isUp(facts)) {
        result.outcome = ResourceOutcome::Running;
        nowRunning(facts);
    } else if (facts.active == "activating" && !waitsForRestart(facts)) {
        result.outcome = ResourceOutcome::Starting;
    } else if (isDown(facts)) {
        result.outcome = ResourceOutcome::Stopped; // also what isn't here, or is masked
    }
    for (const ports::AgentDone& done : waiting)
        done(result);
}

void SystemdAgent::wentAway(const std::string& why) {
    if (m_running || m_doing != Doing::Nothing) {
        if (!std::exchange(m_toldAway, true))
            notice(Kind::Progress, "systemd can't be asked, so that nothing is known of " + m_name + ": " + why);
    }
    if (m_doing == Doing::Nothing || m_step == Step::Reaching) return;
    m_lostBus = true;
    m_step = Step::Judging;
    m_jobWords = "the end of its job was not heard: " + why;
    // By force there is no time to wait for a bus that may come back.
    if (m_doing == Doing::Killing) m_patience.start(systemdPatience);
}

void SystemdAgent::outOfPatience() {
    const std::string detail = "systemd can't be reached: " + m_unit.trouble();
    std::vector<ports::AgentDone> waiting;
    waiting.swap(m_probes);
    for (const ports::AgentDone& done : waiting)
        done({ResourceOutcome::CouldNotRun, detail});
    if (m_doing != Doing::Nothing) finish(ResourceOutcome::Failed, detail);
}

void SystemdAgent::nowRunning(const model::UnitFacts& facts) {
    m_running = true;
    if (facts.file.starts_with("enabled") && !std::exchange(m_toldEnabled, true))
        notice(Kind::Progress, m_name +
                                   " is enabled: systemd starts it at boot, also where the group isn't. Run "
                                   "`systemctl disable " +
                                   m_name + "` on both nodes");
}

void SystemdAgent::finish(ResourceOutcome outcome, const std::string& detail) {
    m_doing = Doing::Nothing;
    m_patience.stop();
    const ports::AgentDone done = std::exchange(m_done, nullptr);
    if (done) done({outcome, detail});
}

void SystemdAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

} // namespace dyad::agents
