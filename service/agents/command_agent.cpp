// SPDX-License-Identifier: Apache-2.0
#include "agents/command_agent.h"

#include <fcntl.h>
#include <unistd.h>

#include "agents/child_environment.h"

namespace dyad::agents {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

bool exited(const Result<platform::ChildEnd>& end, int code) {
    return end && !end.value().signalled && end.value().code == code;
}

} // namespace

CommandAgent::CommandAgent(CommandPlan plan)
    : m_plan(std::move(plan)), m_killDeadline([this] {
          m_action.reset();
          afterForce("its processes are gone; the stop command gave no answer in " + toText(killStopTime));
      }),
      m_killProbeDeadline([this] {
          m_probing.reset();
          finish(ResourceOutcome::Failed,
                 "whether it still runs is not known: its monitor gave no answer in " + toText(killProbeTime));
      }),
      m_monitorTimer([this] { monitor(); }), m_monitorDeadline([this] {
          m_monitor.reset();
          m_monitorTimer.start(m_plan.interval);
          if (!std::exchange(m_toldUnhealthy, true))
              notice(Kind::Unhealthy, "the monitor command gave no answer in time");
      }) {}

std::string CommandAgent::describe(const Result<platform::ChildEnd>& end, const std::string& output) const {
    if (!end) return end.error().text();
    const std::string said = lastLines(output);
    const std::string meaning = end.value().signalled ? "" : m_plan.meaning(end.value().code);
    return end.value().text() + (meaning.empty() ? "" : " (" + meaning + ")") + (said.empty() ? "" : ": " + said);
}

MonitorVerdict CommandAgent::verdictOf(const Result<platform::ChildEnd>& end) const {
    return end && !end.value().signalled ? m_plan.verdict(end.value().code) : MonitorVerdict::Unclear;
}

// Runs a command in `slot`; `ended` is called from the event loop, or at once with the error that kept it from running.
void CommandAgent::run(std::unique_ptr<CapturedCommand>& slot, const PlannedCommand& command, Ended ended) {
    platform::ChildSetup setup{.command = command.words};
    if (!m_plan.user.empty()) {
        Result<platform::UserAccount> user = platform::findUser(m_plan.user);
        if (!user) return ended(user.error(), {});
        setup.user = std::move(user).value();
    }
    setup.environment = childEnvironment(m_plan.label, setup.user ? &*setup.user : nullptr, command.environment);
    slot = std::make_unique<CapturedCommand>();
    const Result<void> running =
        slot->run(std::move(setup), [&slot, ended](const platform::ChildEnd& end, const std::string& output) {
            slot.reset();
            ended(end, output);
        });
    if (running) return;
    slot.reset();
    ended(running.error(), {});
}

void CommandAgent::start(bool /*takeover*/, ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::Failed, "another start or stop is under way"});
    if (m_running) return done({ResourceOutcome::Running, "runs already"});
    m_doing = Doing::Starting;
    m_done = std::move(done);
    run(m_action, m_plan.start, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
        if (!exited(end, 0)) return finish(ResourceOutcome::Failed, "start: " + describe(end, output));
        note(true);
        nowRunning();
        finish(ResourceOutcome::Running, lastLines(output));
    });
}

void CommandAgent::stop(ports::AgentDone done) {
    if (m_doing == Doing::Killing) return done({ResourceOutcome::Failed, "is being killed"});
    if (m_done) finish(ResourceOutcome::Failed, "overtaken by a stop");
    m_sweeper.cancel();
    m_monitorTimer.stop();
    m_monitorDeadline.stop();
    m_monitor.reset();
    m_action.reset(); // a start that is under way ends here
    m_running = false;
    m_doing = Doing::Stopping;
    m_done = std::move(done);
    if (m_plan.stop.words.empty()) return sweepThenStopped("stopped");
    run(m_action, m_plan.stop, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
        if (!exited(end, 0)) return finish(ResourceOutcome::Failed, "stop: " + describe(end, output));
        sweepThenStopped(output.empty() ? "stopped" : lastLines(output));
    });
}

void CommandAgent::kill(ports::AgentDone done) {
    const bool stopHung = m_doing == Doing::Stopping && m_action && m_plan.processesKeepTheMark;
    m_killDeadline.stop(); // of an earlier attempt
    m_killProbeDeadline.stop();
    m_sweeper.cancel();
    if (m_done) finish(ResourceOutcome::Failed, "overtaken by a forced stop");
    m_monitorTimer.stop();
    m_monitorDeadline.stop();
    m_monitor.reset();
    m_probing.reset();
    m_action.reset();
    m_running = false;
    m_doing = Doing::Killing;
    m_done = std::move(done);
    if (stopHung || m_plan.stop.words.empty()) return afterForce("its processes are gone");
    platform::ProcessTraits traits;
    traits.environmentMark = markOf(m_plan.label);
    m_sweeper.sweep(traits, [this](const Result<std::size_t>& killed) {
        if (!killed) return finish(ResourceOutcome::Failed, killed.error().text());
        m_killDeadline.start(killStopTime);
        run(m_action, m_plan.forcedStop, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
            m_killDeadline.stop();
            afterForce(exited(end, 0) ? "stopped" : "its processes are gone; stop: " + describe(end, output));
        });
    });
}

// What force could do is done. Is it gone?
void CommandAgent::afterForce(const std::string& detail) {
    if (m_plan.processesKeepTheMark) return sweepThenStopped(detail);
    platform::ProcessTraits traits;
    traits.environmentMark = markOf(m_plan.label);
    m_sweeper.sweep(traits, [this, detail](const Result<std::size_t>& killed) {
        if (!killed) return finish(ResourceOutcome::Failed, killed.error().text());
        m_killProbeDeadline.start(killProbeTime);
        run(m_probing, m_plan.lastLook,
            [this, detail](const Result<platform::ChildEnd>& end, const std::string& output) {
                m_killProbeDeadline.stop();
                if (verdictOf(end) != MonitorVerdict::Stopped)
                    return finish(ResourceOutcome::Failed, "it is not gone: " + describe(end, output));
                note(false);
                finish(ResourceOutcome::Stopped, detail);
            });
    });
}

void CommandAgent::sweepThenStopped(const std::string& detail) {
    platform::ProcessTraits traits;
    traits.environmentMark = markOf(m_plan.label);
    m_sweeper.sweep(traits, [this, detail](const Result<std::size_t>& killed) {
        if (!killed) return finish(ResourceOutcome::Failed, killed.error().text());
        note(false);
        finish(ResourceOutcome::Stopped, detail);
    });
}

void CommandAgent::probe(ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::CouldNotRun, "a start or stop is under way"});
    if (m_plan.probe.words.empty()) {
        const bool noted = ::access(m_plan.noteFile.c_str(), F_OK) == 0;
        if (noted) nowRunning();
        return done({noted ? ResourceOutcome::Running : ResourceOutcome::Stopped, "as the note of its start tells"});
    }
    run(m_probing, m_plan.probe, [this, done](const Result<platform::ChildEnd>& end, const std::string& output) {
        const std::string detail = describe(end, output);
        switch (verdictOf(end)) {
        case MonitorVerdict::Running:
            if (m_doing == Doing::Nothing) nowRunning();
            return done({ResourceOutcome::Running, detail});
        case MonitorVerdict::Failed: return done({ResourceOutcome::Failed, detail});
        case MonitorVerdict::Stopped:
        case MonitorVerdict::NotInstalled: return done({ResourceOutcome::Stopped, detail}); // what isn't here can't run
        case MonitorVerdict::Unclear: return done({ResourceOutcome::CouldNotRun, detail});
        }
    });
}

void CommandAgent::nowRunning() {
    m_running = true;
    m_toldUnhealthy = false;
    m_toldCouldNotRun = false;
    if (!m_plan.monitor.words.empty() && !m_monitorTimer.running() && !m_monitor) m_monitorTimer.start(m_plan.interval);
}

void CommandAgent::monitor() {
    m_monitorDeadline.start(m_plan.monitorTimeout);
    run(m_monitor, m_plan.monitor, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
        m_monitorDeadline.stop();
        monitored(end, output);
    });
}

void CommandAgent::monitored(const Result<platform::ChildEnd>& end, const std::string& output) {
    const MonitorVerdict verdict = verdictOf(end);
    if (verdict == MonitorVerdict::Stopped) {
        m_running = false; // nothing to ask after until it is started again
        return notice(Kind::Died, "the monitor command says that it doesn't run: " + describe(end, output));
    }
    m_monitorTimer.start(m_plan.interval);
    if (verdict == MonitorVerdict::Running)
        m_toldUnhealthy = m_toldCouldNotRun = false;
    else if (verdict == MonitorVerdict::Failed) {
        if (!std::exchange(m_toldUnhealthy, true)) notice(Kind::Unhealthy, "monitor: " + describe(end, output));
    } else if (!std::exchange(m_toldCouldNotRun, true))
        notice(Kind::Progress, "the monitor command could not be run: " + describe(end, output));
}

void CommandAgent::finish(ResourceOutcome outcome, const std::string& detail) {
    m_doing = Doing::Nothing;
    const ports::AgentDone done = std::exchange(m_done, nullptr);
    if (done) done({outcome, detail});
}

void CommandAgent::note(bool started) {
    if (!started) {
        ::unlink(m_plan.noteFile.c_str());
        return;
    }
    // Without the note a restarted service takes the resource for stopped; with a monitor it isn't needed.
    platform::FileDescriptor file(::open(m_plan.noteFile.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file.valid() && m_plan.monitor.words.empty())
        notice(Kind::Progress,
               "could not note its start in " + m_plan.noteFile + "; after a restart it counts as stopped");
}

void CommandAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

} // namespace dyad::agents
