// SPDX-License-Identifier: Apache-2.0
#include "agents/process_agent.h"

#include <csignal>
#include <unistd.h>

#include "agents/reap_later.h"
#include "platform/linux/monotonic_clock.h"

namespace dyad::agents {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

ProcessAgent::ProcessAgent(ProcessPlan plan)
    : m_plan(std::move(plan)), m_log(m_plan.logFile), m_readyTimer([this] { askWhetherReady(); }), m_logTimer([this] {
          (void)m_log.keepSmall();
          m_logTimer.start(logCareInterval);
      }) {
    if (!m_plan.makeHealthProbe) return;
    m_health = std::make_unique<HealthMonitor>(
        m_plan.makeHealthProbe(),
        HealthPace{m_plan.healthInterval, m_plan.healthTimeout, m_plan.healthFailures, m_plan.healthOf});
    m_health->onUnhealthy = [this](const std::string& detail) { notice(Kind::Unhealthy, detail); };
    m_health->onCouldNotRun = [this](const std::string& detail) {
        notice(Kind::Progress, "the health check could not be run: " + detail);
    };
}

ProcessAgent::~ProcessAgent() {
    m_endWatch.reset();
    if (m_child.pidfd.valid()) reapLater(std::move(m_child.pidfd));
}

// --- start --------------------------------------------------------------------------------------------------------

void ProcessAgent::start(bool /*takeover*/, ports::AgentDone done) {
    switch (m_state) {
    case State::Stopped: break;
    case State::Preparing:
    case State::Sweeping:
    case State::Starting: m_startWaiting.push_back(std::move(done)); return; // one start, two that wait for it
    case State::Running: return done({ResourceOutcome::Running, "runs already"});
    case State::Stopping:
    case State::Killing: return done({ResourceOutcome::Failed, "is being stopped"});
    }
    m_startWaiting.push_back(std::move(done));
    if (adopt()) return waitUntilReady();
    m_startedAt = platform::monotonicNow();
    m_spawned = false;
    m_lastNotReady.clear();
    m_state = State::Preparing;
    prepare();
}

void ProcessAgent::prepare() {
    m_preparing = std::make_unique<Aside>();
    m_preparing->run([this, work = m_plan.prepare](const Aside::Cancelled& cancelled) -> std::function<void()> {
        // `this` is used only by what runs on the event loop, where Aside knows whether we still wait for it.
        Result<platform::ChildSetup> setup = work(cancelled);
        return [this, setup = std::move(setup)] { sweepThenSpawn(setup); };
    });
}

void ProcessAgent::sweepThenSpawn(Result<platform::ChildSetup> setup) {
    if (!setup) return startFailed(setup.error().text());
    m_state = State::Sweeping;
    // What an earlier start left behind (its main process is gone, else it would have been adopted) is in the way.
    m_sweeper.sweep(m_plan.traits, [this, setup = std::move(setup).value()](const Result<std::size_t>& killed) {
        if (!killed) return startFailed(killed.error().text());
        spawn(setup);
    });
}

void ProcessAgent::spawn(const platform::ChildSetup& wanted) {
    if (const Result<void> kept = m_log.keepSmall(); !kept) return startFailed(kept.error().text());
    m_log.mark();
    platform::ChildSetup setup = wanted;
    setup.output = platform::ChildSetup::Output::File;
    setup.outputFile = m_log.path();
    Result<platform::Child> child = platform::startChild(setup);
    if (!child) return startFailed(child.error().text());

    const Result<void> recorded = platform::writeIdentity(m_plan.recordFile, child.value().identity);
    supervise(std::move(child).value());
    m_spawned = true;
    m_state = State::Starting;
    // A program that couldn't be found again after a restart of the service must not run.
    if (!recorded) return startFailed(recorded.error().text());
    if (!m_plan.makeReadyProbe) return nowRunning("process " + std::to_string(m_child.identity.pid));
    m_readyProbe = m_plan.makeReadyProbe();
    m_readyTimer.start(Duration(0));
}

// A database may still recover: that it lives doesn't mean that it lets anybody in.
void ProcessAgent::waitUntilReady() {
    m_log.mark();
    m_startedAt = platform::monotonicNow();
    m_spawned = true; // should it end now, it is this start that has failed
    m_lastNotReady.clear();
    m_state = State::Starting;
    if (!m_plan.makeReadyProbe) return nowRunning("adopted process " + std::to_string(m_child.identity.pid));
    m_readyProbe = m_plan.makeReadyProbe();
    askWhetherReady();
}

void ProcessAgent::askWhetherReady() {
    showProgress();
    m_readyProbe->run(readyTimeout, [this](const ProbeResult& result) {
        if (m_state != State::Starting) return;
        if (result.verdict == ProbeResult::Verdict::Well) {
            showProgress();
            return nowRunning("ready after " + toText(platform::monotonicNow() - m_startedAt) + ", process " +
                              std::to_string(m_child.identity.pid));
        }
        if (result.verdict == ProbeResult::Verdict::CouldNotRun && result.detail != m_lastNotReady)
            notice(Kind::Progress, "the readiness check could not be run: " + result.detail);
        m_lastNotReady = result.detail;
        answer(m_probeWaiting, ResourceOutcome::Starting,
               "adopted process " + std::to_string(m_child.identity.pid) + lastCheck());
        m_readyTimer.start(readyInterval);
    });
}

void ProcessAgent::nowRunning(const std::string& detail) {
    m_readyTimer.stop();
    m_state = State::Running;
    m_logTimer.start(logCareInterval);
    if (m_health) m_health->start();
    answer(m_startWaiting, ResourceOutcome::Running, detail);
    answer(m_probeWaiting, ResourceOutcome::Running, "adopted process " + std::to_string(m_child.identity.pid));
}

// Ends the start; first makes sure that nothing of it stays behind.
void ProcessAgent::startFailed(std::string why) {
    const std::string said = m_spawned ? m_log.lastWords() : std::string();
    if (!said.empty()) why += "; it said: " + said;
    m_readyTimer.stop();
    answer(m_probeWaiting, ResourceOutcome::Failed, why);
    m_preparing.reset();
    if (!m_spawned) { // what runs now isn't of this start; it may be somebody else's server on the same data
        m_state = State::Stopped;
        return answer(m_startWaiting, ResourceOutcome::Failed, why);
    }
    m_state = State::Killing;
    m_sweeper.sweep(traitsNow(), [this, why](const Result<std::size_t>& killed) {
        endSupervision();
        m_state = State::Stopped;
        const std::string left = killed ? "" : "; " + killed.error().text();
        answer(m_startWaiting, ResourceOutcome::Failed, why + left);
        answer(m_stopWaiting, killed ? ResourceOutcome::Stopped : ResourceOutcome::Failed, killed ? "stopped" : left);
    });
}

platform::ProcessTraits ProcessAgent::traitsNow() const {
    platform::ProcessTraits traits = m_plan.traits;
    traits.session = m_child.pidfd.valid() ? m_child.identity.pid : 0;
    return traits;
}

// --- supervision --------------------------------------------------------------------------------------------------

bool ProcessAgent::adopt() {
    const Result<platform::ProcessIdentity> identity = platform::readIdentity(m_plan.recordFile);
    if (!identity) return false;
    Result<platform::FileDescriptor> pidfd = platform::openProcess(identity.value());
    if (!pidfd) return false; // dead, or the number is somebody else's by now
    supervise({identity.value(), std::move(pidfd).value(), {}});
    return true;
}

void ProcessAgent::supervise(platform::Child child) {
    m_child = std::move(child);
    m_endWatch = std::make_unique<DescriptorWatch>(m_child.pidfd.get(), QSocketNotifier::Read, [this] { mainEnded(); });
}

void ProcessAgent::mainEnded() {
    m_endWatch.reset();
    const Result<std::optional<platform::ChildEnd>> end = platform::howEnded(m_child.pidfd);
    const std::string how =
        end && end.value() ? end.value()->text() : std::string("ended; an adopted process tells nobody how");
    if (m_health) m_health->stop();
    m_logTimer.stop();
    switch (m_state) {
    case State::Starting: return startFailed("the program ended before it was ready: " + how + lastCheck());
    case State::Stopping: return sweepThenStopped();
    case State::Running: return died(how);
    case State::Stopped:
    case State::Preparing:
    case State::Sweeping:
    case State::Killing: return; // the sweep finds out
    }
}

void ProcessAgent::died(const std::string& how) {
    m_state = State::Stopped;
    platform::ProcessTraits session;
    session.session = m_child.identity.pid;
    platform::FileDescriptor dead = std::exchange(m_child, {}).pidfd;
    const std::string said = m_log.lastWords();
    notice(Kind::Died, how + (said.empty() ? "" : "; it said: " + said)); // first, because the service acts on it
    // What it leaves behind goes at once: only until it is collected is its session's number surely its own.
    if (const auto left = platform::findProcesses(session)) platform::killAll(left.value());
    reapLater(std::move(dead));
}

void ProcessAgent::endSupervision() {
    if (m_health) m_health->stop();
    m_logTimer.stop();
    m_endWatch.reset();
    if (m_child.pidfd.valid()) reapLater(std::move(m_child.pidfd));
    m_child = {};
    ::unlink(m_plan.recordFile.c_str());
}

// --- stop, kill, probe ----------------------------------------------------------------------------------------------

void ProcessAgent::stop(ports::AgentDone done) {
    m_stopWaiting.push_back(std::move(done));
    if (m_state == State::Stopped && adopt()) m_state = State::Running;
    switch (m_state) {
    case State::Stopped: return sweepThenStopped();
    case State::Preparing:
    case State::Sweeping:
        m_preparing.reset();
        answer(m_startWaiting, ResourceOutcome::Failed, "stopped during the start" + lastCheck());
        return sweepThenStopped();
    case State::Starting:
    case State::Running: {
        m_state = State::Stopping;
        m_readyTimer.stop();
        if (m_health) m_health->stop();
        answer(m_probeWaiting, ResourceOutcome::CouldNotRun, "is being stopped");
        const Result<void> sent = platform::sendSignal(m_child.pidfd, m_plan.stopSignal);
        answer(m_startWaiting, ResourceOutcome::Failed, "stopped during the start" + lastCheck());
        if (!sent) answer(m_stopWaiting, ResourceOutcome::Failed, sent.error().text());
        return;
    }
    case State::Stopping:
    case State::Killing: return; // under way
    }
}

void ProcessAgent::kill(ports::AgentDone done) {
    m_stopWaiting.push_back(std::move(done));
    m_preparing.reset();
    m_readyTimer.stop();
    if (m_state == State::Stopped) (void)adopt();
    answer(m_startWaiting, ResourceOutcome::Failed, "killed during the start" + lastCheck());
    answer(m_probeWaiting, ResourceOutcome::CouldNotRun, "is being killed");
    // By its pidfd first: that works even where /proc can't be looked through.
    if (m_child.pidfd.valid()) (void)platform::sendSignal(m_child.pidfd, SIGKILL);
    sweepThenStopped();
}

void ProcessAgent::sweepThenStopped() {
    m_state = State::Killing;
    m_sweeper.sweep(traitsNow(), [this](const Result<std::size_t>& killed) {
        if (!killed) {
            m_state = m_endWatch ? State::Running : State::Stopped;
            return answer(m_stopWaiting, ResourceOutcome::Failed, killed.error().text());
        }
        endSupervision();
        m_state = State::Stopped;
        answer(m_stopWaiting, ResourceOutcome::Stopped,
               killed.value() == 0 ? "stopped" : "stopped; killed " + std::to_string(killed.value()) + " processes");
    });
}

void ProcessAgent::probe(ports::AgentDone done) {
    switch (m_state) {
    case State::Running: return done({ResourceOutcome::Running, "process " + std::to_string(m_child.identity.pid)});
    case State::Preparing:
    case State::Sweeping: return done({ResourceOutcome::CouldNotRun, "is being started"});
    case State::Starting: return done({ResourceOutcome::Starting, "is being started" + lastCheck()});
    case State::Stopping:
    case State::Killing: return done({ResourceOutcome::CouldNotRun, "is being stopped"});
    case State::Stopped: break;
    }
    if (adopt()) {
        m_probeWaiting.push_back(std::move(done));
        return waitUntilReady();
    }
    const Result<std::vector<platform::FoundProcess>> left = platform::findProcesses(m_plan.traits);
    if (!left) return done({ResourceOutcome::CouldNotRun, left.error().text()});
    if (left.value().empty()) return done({ResourceOutcome::Stopped, "not running"});
    done({ResourceOutcome::Failed, "its main process is gone, but left " + std::to_string(left.value().size()) +
                                       " behind, first of them process " +
                                       std::to_string(left.value().front().identity.pid)});
}

// --- words --------------------------------------------------------------------------------------------------------

std::string ProcessAgent::lastCheck() const {
    return m_lastNotReady.empty() ? "" : "; the last readiness check: " + m_lastNotReady;
}

void ProcessAgent::showProgress() {
    if (!m_plan.progressOf) return;
    m_log.readNew([this](const std::string& line) {
        const std::string progress = m_plan.progressOf(line);
        if (!progress.empty()) notice(Kind::Progress, progress);
    });
}

void ProcessAgent::answer(std::vector<ports::AgentDone>& waiting, ResourceOutcome outcome, const std::string& detail) {
    for (const ports::AgentDone& done : std::exchange(waiting, {}))
        done({outcome, detail});
}

model::ResourceChecks ProcessAgent::checks() const {
    model::ResourceChecks all;
    if (!m_health) return all;
    all.probes.push_back(m_health->view());
    all.probes.back().name = "health";
    all.probes.back().what = m_plan.healthWords;
    return all;
}

void ProcessAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

} // namespace dyad::agents
