// SPDX-License-Identifier: Apache-2.0
#include "agents/process_agent.h"

#include <QDir>
#include <QEventLoop>
#include <QFile>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <csignal>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "agent_driver.h"
#include "agents/factory.h"
#include "agents/process_settings.h"
#include "platform/linux/monotonic_clock.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

class ProcessAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    Places places() const { return {m_folder->path().toStdString(), m_folder->path().toStdString()}; }
    std::unique_ptr<ProcessAgent> make(const model::ProcessSettings& settings) const {
        return std::make_unique<ProcessAgent>(planProcess(settings, "test", "program", places()));
    }
    static model::ProcessSettings shell(const std::string& script) {
        model::ProcessSettings settings;
        settings.command = {"/bin/sh", "-c", script};
        return settings;
    }
    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    // A probe that is well once a file is there.
    model::ScriptProbe fileThere(const char* name) const { return {{"/usr/bin/test", "-e", path(name)}}; }
    pid_t mainPid() const {
        const auto identity = platform::readIdentity(places().record("test", "program"));
        return identity ? identity.value().pid : 0;
    }
    // The service ends while its program isn't ready yet: nobody is told of it, and the program stays.
    pid_t leftStarting(const model::ProcessSettings& settings) const {
        const auto agent = make(settings);
        std::optional<ports::AgentResult> never;
        agent->start(false, AgentDriver::into(never));
        return QTest::qWaitFor([&] { return mainPid() != 0; }, guardMs) && !never ? mainPid() : 0;
    }
    static std::size_t left() {
        platform::ProcessTraits traits;
        traits.environmentMark = "DYAD_RESOURCE=test/program";
        return platform::findProcesses(traits).value().size();
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() {
        ProcessAgent agent(planProcess(shell("true"), "test", "program", places()));
        AgentDriver(agent).kill(); // whatever a failed test has left
        QCOMPARE(left(), std::size_t{0});
    }

    void startProbeStopTwice() {
        const auto agent = make(shell("exec sleep 600"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        QCOMPARE(driver.count(Kind::Died), 0);
    }

    void deathIsNoticedWithItsCauseAndLastWords() {
        const auto agent = make(shell("echo starting; while [ ! -e " + path("go") +
                                      " ]; do sleep 0.01; done; echo 'no more paper' >&2; exit 4"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(QFile(QString::fromStdString(path("go"))).open(QIODevice::WriteOnly));
        QVERIFY(driver.awaitNotice(Kind::Died));
        QCOMPARE(driver.notices.back().detail, std::string("exit code 4; it said: starting | no more paper"));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        QFile::remove(QString::fromStdString(path("go")));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running); // can be started again
    }

    void killedFromOutsideIsNoticed() {
        const auto agent = make(shell("exec sleep 600"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        Instant noticed;
        QEventLoop loop;
        agent->onNotice = [&](const ports::AgentNotice& notice) {
            noticed = platform::monotonicNow();
            driver.notices.push_back(notice);
            loop.quit();
        };
        QTimer::singleShot(guardMs, &loop, &QEventLoop::quit);
        const Instant killed = platform::monotonicNow();
        QCOMPARE(::kill(mainPid(), SIGKILL), 0);
        loop.exec();
        QCOMPARE(driver.count(Kind::Died), 1);
        QCOMPARE(driver.notices.back().detail, std::string("killed by signal 9 (Killed)"));
        qInfo("death noticed %lld us after the kill", static_cast<long long>((noticed - killed).count() / 1000));
    }

    void ignoresSigtermButNotKill() {
        const auto agent = make(shell("trap '' TERM; touch " + path("up") + "; while :; do sleep 0.05; done"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(m_folder->filePath("up")), guardMs);
        std::optional<ports::AgentResult> stopped;
        agent->stop(AgentDriver::into(stopped));
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped); // overtakes the stop
        QVERIFY(stopped.has_value());
        QCOMPARE(left(), std::size_t{0});
    }

    // A killed program was told to be stopped when its first thread was gone; others still held its socket, and the
    // next start found it taken.
    void aProgramIsThereAsLongAsOneOfItsThreads() {
        model::ProcessSettings settings;
        settings.command = {QCoreApplication::applicationDirPath().toStdString() + "/leaderless_program"};
        auto agent = make(settings);
        COMPARE_OUTCOME(AgentDriver(*agent).start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        QTRY_VERIFY_WITH_TIMEOUT(platform::readProcessStat(pid).value().state == 'Z', guardMs);
        // A later life of the service finds it.
        agent = make(settings);
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        // Its other thread is held on its way out.
        pid_t thread = 0;
        for (const QString& each :
             QDir("/proc/" + QString::number(pid) + "/task").entryList(QDir::Dirs | QDir::NoDotAndDotDot))
            if (each.toInt() != pid) thread = each.toInt();
        QVERIFY(thread != 0);
        if (::ptrace(PTRACE_SEIZE, thread, nullptr, PTRACE_O_TRACEEXIT) != 0) QSKIP("may not trace a process");
        std::optional<ports::AgentResult> killed;
        agent->kill(AgentDriver::into(killed));
        int status = 0;
        QVERIFY(QTest::qWaitFor([&] { return ::waitpid(thread, &status, __WALL | WNOHANG) == thread; }, guardMs));
        QVERIFY(WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXIT);
        QTest::qWait(0);
        const bool toldTooEarly = killed.has_value();
        QCOMPARE(::ptrace(PTRACE_DETACH, thread, nullptr, nullptr), 0L);
        COMPARE_OUTCOME(AgentDriver::await(killed), ResourceOutcome::Stopped);
        QVERIFY(!toldTooEarly);
        QCOMPARE(driver.count(Kind::Died), 0);
    }

    void childrenLeftBehindAreSwept() {
        // One that ignores SIGTERM, one in a session of its own, one without the mark in its environment.
        const std::string script =
            "sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' & setsid sleep 600 & env -i sleep 600 & "
            "touch " +
            path("up") + "; wait";
        const auto agent = make(shell(script));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(m_folder->filePath("up")), guardMs);
        const pid_t session = mainPid();
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QCOMPARE(left(), std::size_t{0});
        platform::ProcessTraits traits;
        traits.session = session;
        QCOMPARE(platform::findProcesses(traits).value().size(), std::size_t{0});
    }

    void childrenOfADeadMainProcessAreGoneAfterTheNextStart() {
        const auto agent = make(shell("setsid sleep 600 & env -i sleep 600 & exec sleep 600"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const pid_t first = mainPid();
        QTRY_COMPARE_WITH_TIMEOUT(left(), std::size_t{3}, guardMs);
        QCOMPARE(::kill(first, SIGKILL), 0);
        QVERIFY(driver.awaitNotice(Kind::Died));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(mainPid() != first);
        QTRY_COMPARE_WITH_TIMEOUT(left(), std::size_t{3}, guardMs);
    }

    void adoptedByTheNextLife() {
        auto agent = make(shell("exec sleep 600"));
        COMPARE_OUTCOME(AgentDriver(*agent).start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        agent.reset(); // the service ends; the program doesn't
        QCOMPARE(::kill(pid, 0), 0);

        agent = make(shell("exec sleep 600"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        QCOMPARE(::kill(pid, SIGKILL), 0);
        QVERIFY(driver.awaitNotice(Kind::Died));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
    }

    // A database that still recovers when the service alone is restarted: it is neither running nor in the way.
    void adoptedWhileItStarts() {
        model::ProcessSettings settings = shell("exec sleep 600");
        settings.ready = fileThere("ready");
        const pid_t pid = leftStarting(settings);
        QVERIFY(pid != 0);
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Starting);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Starting); // asked twice
        std::optional<ports::AgentResult> started;
        agent->start(false, AgentDriver::into(started));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Starting);
        QVERIFY(!started);
        QVERIFY(QFile(m_folder->filePath("ready")).open(QIODevice::WriteOnly));
        COMPARE_OUTCOME(AgentDriver::await(started), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QCOMPARE(::kill(pid, 0), -1);
    }

    // Nobody has asked for its start yet when it ends.
    void adoptedWhileItStartsAndDies() {
        model::ProcessSettings settings = shell("exec sleep 600");
        settings.ready = fileThere("never");
        const pid_t pid = leftStarting(settings);
        QVERIFY(pid != 0);
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Starting);
        QCOMPARE(::kill(pid, SIGKILL), 0);
        QVERIFY(QTest::qWaitFor([&] { return driver.probe().outcome == ResourceOutcome::Stopped; }, guardMs));
        QCOMPARE(left(), std::size_t{0});
    }

    void adoptedWhileItStartsAndStopped_data() {
        QTest::addColumn<bool>("kill");
        QTest::newRow("stop") << false;
        QTest::newRow("kill") << true;
    }
    void adoptedWhileItStartsAndStopped() {
        QFETCH(bool, kill);
        model::ProcessSettings settings = shell("exec sleep 600");
        settings.ready = fileThere("never");
        const pid_t pid = leftStarting(settings);
        QVERIFY(pid != 0);
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        std::optional<ports::AgentResult> probed; // not answered yet
        agent->probe(AgentDriver::into(probed));
        COMPARE_OUTCOME(kill ? driver.kill() : driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(AgentDriver::await(probed), ResourceOutcome::CouldNotRun);
        QCOMPARE(::kill(pid, 0), -1);
    }

    void adoptedByStartAndStopped() {
        auto agent = make(shell("exec sleep 600"));
        COMPARE_OUTCOME(AgentDriver(*agent).start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        agent = make(shell("exec sleep 600"));
        COMPARE_OUTCOME(AgentDriver(*agent).start(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        agent = make(shell("exec sleep 600"));
        COMPARE_OUTCOME(AgentDriver(*agent).stop(), ResourceOutcome::Stopped);
        QCOMPARE(::kill(pid, 0), -1);
    }

    void aRecordOfAnotherProcessIsNotAdopted() {
        // The number was given to somebody else (here: to this test), which must be neither adopted nor killed.
        const auto identity = platform::identityOf(::getpid());
        QVERIFY(
            platform::writeIdentity(places().record("test", "program"), {::getpid(), identity.value().startTime + 7})
                .ok());
        const auto agent = make(shell("exec sleep 600"));
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }

    // Its disk doesn't answer at first and then fails: the start is still told why, and nothing of it stays behind.
    void programThatIsFoundUnreachableLate() {
        QTemporaryDir place;
        const std::string point = place.path().toStdString();
        platform::FileDescriptor silent(::open("/dev/fuse", O_RDWR | O_CLOEXEC)); // a server that never says a word
        const std::string options = "fd=" + std::to_string(silent.get()) + ",rootmode=40000,user_id=0,group_id=0";
        if (!silent.valid() || ::mount("silent", point.c_str(), "fuse", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
            QSKIP("needs FUSE");
        const auto unmount = qScopeGuard([&] { ::umount2(point.c_str(), MNT_DETACH); });
        model::ProcessSettings settings;
        settings.command = {point + "/program"};
        settings.ready = fileThere("never");
        const auto agent = make(settings);
        std::optional<ports::AgentResult> answer;
        agent->start(false, AgentDriver::into(answer));
        QTRY_VERIFY_WITH_TIMEOUT(mainPid() > 0 && !answer, guardMs);
        silent.reset();
        const ports::AgentResult result = AgentDriver::await(answer);
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("exit code 127") != std::string::npos &&
                     result.detail.find("it said: run " + point + "/program: ") != std::string::npos,
                 result.detail.c_str());
    }

    void missingProgram() {
        model::ProcessSettings settings;
        settings.command = {"/nowhere/program"};
        const auto agent = make(settings);
        const ports::AgentResult result = AgentDriver(*agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QCOMPARE(result.detail, std::string("run /nowhere/program: No such file or directory (2)"));
    }

    void unknownUser() {
        model::ProcessSettings settings = shell("true");
        settings.user = "no-such-user-here";
        const auto agent = make(settings);
        const ports::AgentResult result = AgentDriver(*agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("no such user") != std::string::npos, result.detail.c_str());
    }

    void readyOnlyWhenTheProbeSays() {
        model::ProcessSettings settings = shell("exec sleep 600");
        settings.ready = fileThere("ready");
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        std::optional<ports::AgentResult> answer;
        agent->start(false, AgentDriver::into(answer));
        QTRY_VERIFY_WITH_TIMEOUT(mainPid() != 0, guardMs);
        QVERIFY(!answer.has_value());
        QVERIFY(QFile(m_folder->filePath("ready")).open(QIODevice::WriteOnly));
        COMPARE_OUTCOME(AgentDriver::await(answer), ResourceOutcome::Running);
    }

    void endsBeforeItIsReady() {
        model::ProcessSettings settings = shell("echo 'port 80 is in use'; exit 1");
        settings.ready = fileThere("never");
        const auto agent = make(settings);
        const ports::AgentResult result = AgentDriver(*agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("exit code 1") != std::string::npos &&
                     result.detail.find("port 80 is in use") != std::string::npos,
                 result.detail.c_str());
    }

    void stopDuringStartCancels_data() {
        QTest::addColumn<bool>("byKill");
        QTest::addColumn<bool>("whenItRuns");
        QTest::newRow("stop, before the process") << false << false;
        QTest::newRow("stop, before it is ready") << false << true;
        QTest::newRow("kill, before the process") << true << false;
        QTest::newRow("kill, before it is ready") << true << true;
    }
    void stopDuringStartCancels() {
        QFETCH(bool, byKill);
        QFETCH(bool, whenItRuns);
        model::ProcessSettings settings = shell("exec sleep 600");
        settings.ready = fileThere("never");
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        std::optional<ports::AgentResult> started;
        agent->start(false, AgentDriver::into(started));
        if (whenItRuns) QTRY_VERIFY_WITH_TIMEOUT(mainPid() != 0, guardMs);
        COMPARE_OUTCOME(byKill ? driver.kill() : driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(started.has_value() && started->outcome == ResourceOutcome::Failed);
        QCOMPARE(left(), std::size_t{0});
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
    }

    void unhealthyAfterKFailuresInARow() {
        model::ProcessSettings settings = shell("exec sleep 600");
        // Well twice, could not be run once, then failed: the counter starts with the failures.
        const std::string script = "n=$(cat " + path("n") + " 2>/dev/null || echo 0); echo $((n+1)) > " + path("n") +
                                   "; case $n in 0|1) exit 0;; 3) exit 99;; *) exit 1;; esac";
        settings.health = model::HealthCheck{model::ScriptProbe{{"/bin/sh", "-c", script}}, 10ms, 10s, 3};
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(driver.awaitNotice(Kind::Unhealthy));
        QFile count(m_folder->filePath("n"));
        QVERIFY(count.open(QIODevice::ReadOnly));
        QCOMPARE(count.readAll().trimmed(), QByteArray("6")); // 0 1 well, 2 failed, 3 could not run, 4 5 failed
        QCOMPARE(driver.count(Kind::Progress), 1);            // the one that could not be run
        QCOMPARE(driver.count(Kind::Died), 0);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    void factoryRefusesOtherTypes() {
        model::ResourceSetup setup;
        setup.name = "ip";
        setup.type = "address";
        setup.settings = model::AddressSettings{};
        QVERIFY(!makeAgent(setup, "g", "/run", "/var/lib").ok());
        setup.settings = model::CommandSettings{};
        QVERIFY(makeAgent(setup, "g", "/run", "/var/lib").ok());
    }
};

QTEST_GUILESS_MAIN(ProcessAgentTest)
#include "process_agent_test.moc"
