// SPDX-License-Identifier: Apache-2.0
#include "agents/command_agent.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

#include "agents/child_environment.h"

namespace dyad::agents {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

std::string describe(const Result<platform::ChildEnd>& end, const std::string& output) {
    if (!end) return end.error().text();
    const std::string said = lastLines(output);
    return end.value().text() + (said.empty() ? "" : ": " + said);
}

bool exited(const Result<platform::ChildEnd>& end, int code) {
    return end && !end.value().signalled && end.value().code == code;
}

} // namespace

CommandAgent::CommandAgent(model::CommandSettings settings, std::string label, std::string noteFile)
    : m_settings(std::move(settings)), m_label(std::move(label)), m_noteFile(std::move(noteFile)),
      m_killDeadline([this] {
          m_action.reset();
          sweepThenStopped("its processes are gone; the stop command gave no answer in " + toText(killStopTime));
      }),
      m_monitorTimer([this] { monitor(); }), m_monitorDeadline([this] {
          m_monitor.reset();
          m_monitorTimer.start(m_settings.interval);
          if (!std::exchange(m_toldUnhealthy, true))
              notice(Kind::Unhealthy, "the monitor command gave no answer in time");
      }) {}

// Runs a command in `slot`; `ended` is called from the event loop, or at once with the error that kept it from running.
void CommandAgent::run(std::unique_ptr<CapturedCommand>& slot, const std::vector<std::string>& command, Ended ended) {
    platform::ChildSetup setup{.command = command};
    if (!m_settings.user.empty()) {
        Result<platform::UserAccount> user = platform::findUser(m_settings.user);
        if (!user) return ended(user.error(), {});
        setup.user = std::move(user).value();
    }
    setup.environment = childEnvironment(m_label, setup.user ? &*setup.user : nullptr, {});
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
    run(m_action, m_settings.start, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
        if (!exited(end, 0)) return finish(ResourceOutcome::Failed, "start: " + describe(end, output));
        note(true);
        nowRunning();
        finish(ResourceOutcome::Running, lastLines(output));
    });
}

void CommandAgent::stop(ports::AgentDone done) {
    if (m_doing == Doing::Killing) return done({ResourceOutcome::Failed, "is being killed"});
    if (m_done) finish(ResourceOutcome::Failed, "overtaken by a stop");
    m_monitorTimer.stop();
    m_monitorDeadline.stop();
    m_monitor.reset();
    m_action.reset(); // a start that is under way ends here
    m_running = false;
    m_doing = Doing::Stopping;
    m_done = std::move(done);
    if (m_settings.stop.empty()) return sweepThenStopped("stopped");
    run(m_action, m_settings.stop, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
        if (!exited(end, 0)) return finish(ResourceOutcome::Failed, "stop: " + describe(end, output));
        sweepThenStopped(output.empty() ? "stopped" : lastLines(output));
    });
}

void CommandAgent::kill(ports::AgentDone done) {
    const bool stopHung = m_doing == Doing::Stopping && m_action;
    if (m_done) finish(ResourceOutcome::Failed, "overtaken by a forced stop");
    m_monitorTimer.stop();
    m_monitorDeadline.stop();
    m_monitor.reset();
    m_probing.reset();
    m_action.reset();
    m_running = false;
    m_doing = Doing::Killing;
    m_done = std::move(done);
    if (stopHung || m_settings.stop.empty()) return sweepThenStopped("its processes are gone");
    platform::ProcessTraits traits;
    traits.environmentMark = markOf(m_label);
    m_sweeper.sweep(traits, [this](const Result<std::size_t>& killed) {
        if (!killed) return finish(ResourceOutcome::Failed, killed.error().text());
        m_killDeadline.start(killStopTime);
        run(m_action, m_settings.stop, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
            m_killDeadline.stop();
            sweepThenStopped(exited(end, 0) ? "stopped" : "its processes are gone; stop: " + describe(end, output));
        });
    });
}

void CommandAgent::sweepThenStopped(const std::string& detail) {
    platform::ProcessTraits traits;
    traits.environmentMark = markOf(m_label);
    m_sweeper.sweep(traits, [this, detail](const Result<std::size_t>& killed) {
        if (!killed) return finish(ResourceOutcome::Failed, killed.error().text());
        note(false);
        finish(ResourceOutcome::Stopped, detail);
    });
}

void CommandAgent::probe(ports::AgentDone done) {
    if (m_doing != Doing::Nothing) return done({ResourceOutcome::CouldNotRun, "a start or stop is under way"});
    if (m_settings.monitor.empty()) {
        const bool noted = ::access(m_noteFile.c_str(), F_OK) == 0;
        if (noted) nowRunning();
        return done({noted ? ResourceOutcome::Running : ResourceOutcome::Stopped, "as the note of its start tells"});
    }
    run(m_probing, m_settings.monitor, [this, done](const Result<platform::ChildEnd>& end, const std::string& output) {
        const std::string detail = describe(end, output);
        if (exited(end, exitNotRunning)) return done({ResourceOutcome::Stopped, detail});
        if (exited(end, 1)) return done({ResourceOutcome::Failed, detail});
        if (!exited(end, 0)) return done({ResourceOutcome::CouldNotRun, detail});
        if (m_doing == Doing::Nothing) nowRunning();
        done({ResourceOutcome::Running, detail});
    });
}

void CommandAgent::nowRunning() {
    m_running = true;
    m_toldUnhealthy = false;
    m_toldCouldNotRun = false;
    if (!m_settings.monitor.empty() && !m_monitorTimer.running() && !m_monitor)
        m_monitorTimer.start(m_settings.interval);
}

void CommandAgent::monitor() {
    m_monitorDeadline.start(std::max(m_settings.interval, leastMonitorTimeout));
    run(m_monitor, m_settings.monitor, [this](const Result<platform::ChildEnd>& end, const std::string& output) {
        m_monitorDeadline.stop();
        monitored(end, output);
    });
}

void CommandAgent::monitored(const Result<platform::ChildEnd>& end, const std::string& output) {
    if (exited(end, exitNotRunning)) {
        m_running = false; // nothing to ask after until it is started again
        return notice(Kind::Died, "the monitor command says that it doesn't run: " + describe(end, output));
    }
    m_monitorTimer.start(m_settings.interval);
    if (exited(end, 0))
        m_toldUnhealthy = m_toldCouldNotRun = false;
    else if (exited(end, 1)) {
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
        ::unlink(m_noteFile.c_str());
        return;
    }
    // Without the note a restarted service takes the resource for stopped; with a monitor it isn't needed.
    platform::FileDescriptor file(::open(m_noteFile.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!file.valid() && m_settings.monitor.empty())
        notice(Kind::Progress, "could not note its start in " + m_noteFile + "; after a restart it counts as stopped");
}

void CommandAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

} // namespace dyad::agents
