// SPDX-License-Identifier: Apache-2.0
// Units of systemd: the real bus protocol through a real bus, to a fake of systemd's manager.
#include "agents/systemd_agent.h"

#include <QTemporaryDir>

#include <algorithm>

#include "agent_driver.h"
#include "fake_systemd.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

constexpr const char* web = "web.service";

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

} // namespace

class SystemdAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<fakes::PrivateBus> m_bus;
    std::unique_ptr<fakes::FakeSystemd> m_systemd;

    [[nodiscard]] std::size_t called(const std::string& what) const {
        const std::vector<std::string> calls = m_systemd->calls();
        return static_cast<std::size_t>(std::count(calls.begin(), calls.end(), what));
    }
    [[nodiscard]] bool awaitCall(const std::string& what) const {
        return QTest::qWaitFor([&] { return called(what) > 0; }, guardMs);
    }
    void put(const fakes::FakeUnit& unit) const { m_systemd->put(web, unit); }
    static bool awaitProgress(const AgentDriver& driver, const std::string& part) {
        return QTest::qWaitFor(
            [&] {
                return std::any_of(driver.notices.begin(), driver.notices.end(), [&](const ports::AgentNotice& each) {
                    return each.kind == Kind::Progress && says(each.detail, part);
                });
            },
            guardMs);
    }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        m_bus = std::make_unique<fakes::PrivateBus>(m_folder->path());
        QVERIFY(m_bus->start());
        m_systemd = std::make_unique<fakes::FakeSystemd>();
        QVERIFY(m_systemd->join(m_bus->address()));
        put({});
    }
    void cleanup() {
        m_systemd.reset();
        m_bus.reset();
        m_folder.reset();
    }

    void startProbeStopTwice() {
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        const ports::AgentResult started = driver.start();
        COMPARE_OUTCOME(started, ResourceOutcome::Running);
        QCOMPARE(started.detail, std::string("web.service is active (running)"));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        QCOMPARE(called("StartUnit web.service replace"), std::size_t{1});
        QVERIFY(driver.notices.empty());
    }

    // What the job ends with is not yet what the unit is, and it is waited for.
    void theJobsEndIsWaitedFor() {
        put({.holdJobs = true});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        std::optional<ports::AgentResult> started;
        agent.start(false, AgentDriver::into(started));
        QVERIFY(awaitCall("StartUnit web.service replace"));
        // It is "activating" meanwhile, which is told and is no answer: a round of the bus goes by.
        QVERIFY(QTest::qWaitFor([&] { return m_systemd->unit(web).active == "activating"; }, guardMs));
        SystemdAgent other(web, m_bus->address());
        AgentDriver second(other);
        COMPARE_OUTCOME(second.probe(), ResourceOutcome::Starting);
        QVERIFY(!started.has_value());
        m_systemd->release(web);
        COMPARE_OUTCOME(AgentDriver::await(started), ResourceOutcome::Running);
    }

    void aJobThatFailsSaysWhy() {
        put({.startResult = "failed"});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        const ports::AgentResult result = driver.start();
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QCOMPARE(result.detail,
                 std::string("web.service is failed (failed), exit-code: exit code 3; the job ended with \"failed\""));
        // Dead all the same: a forced stop finds nothing.
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        put({.active = "active", .sub = "running", .stopResult = "timeout"});
        const ports::AgentResult stuck = driver.stop();
        COMPARE_OUTCOME(stuck, ResourceOutcome::Failed);
        QVERIFY2(says(stuck.detail, "the job ended with \"timeout\""), stuck.detail.c_str());
    }

    void whatCannotBeStartedIsRefused_data() {
        QTest::addColumn<QString>("load");
        QTest::addColumn<QString>("says");
        QTest::newRow("masked") << "masked"
                                << "the unit web.service is masked. Run `systemctl unmask web.service`";
        QTest::newRow("missing") << "not-found"
                                 << "systemd has no unit web.service. Install the package that has it on both nodes";
        QTest::newRow("bad") << "bad-setting"
                             << "systemd can't load the unit web.service (bad-setting)";
    }
    void whatCannotBeStartedIsRefused() {
        QFETCH(QString, load);
        QFETCH(QString, says);
        put({.load = load.toStdString()});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped); // what isn't here can't run
        const ports::AgentResult result = driver.start();
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QCOMPARE(result.detail, says.toStdString());
        QCOMPARE(called("StartUnit web.service replace"), std::size_t{0});
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }

    void whatSystemdStartsAtBootIsTold() {
        put({.file = "enabled"});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(awaitProgress(driver, "systemctl disable web.service"));
    }

    void itsDeathIsToldAtOnceAndWithItsCause() {
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        m_systemd->become(web, "failed", "failed", "signal", CLD_KILLED, 9);
        QVERIFY(driver.awaitNotice(Kind::Died));
        QCOMPARE(driver.notices.back().detail, std::string("web.service is failed (failed), signal: signal 9"));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        // Restart= of the unit: whether it is started again is the group's affair.
        m_systemd->become(web, "activating", "auto-restart", "exit-code", CLD_EXITED, 1);
        QVERIFY(QTest::qWaitFor([&] { return driver.count(Kind::Died) == 2; }, guardMs));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Failed);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }

    // Down and up again before anybody has asked: it was down all the same.
    void aDeathThatIsOverAlreadyIsToldAsOne() {
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        m_systemd->become(web, "inactive", "dead");
        m_systemd->become(web, "active", "running");
        QVERIFY(driver.awaitNotice(Kind::Died));
    }

    void whatRunsIsAdopted() {
        put({.active = "active", .sub = "running"});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(m_systemd->calls().size(), std::size_t{0});
        m_systemd->become(web, "failed", "failed", "oom-kill", CLD_KILLED, 9);
        QVERIFY(driver.awaitNotice(Kind::Died));
    }

    void byForceItIsKilledAndStopped() {
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        const std::vector<std::string> wanted{"StartUnit web.service replace", "KillUnit web.service all 9",
                                              "StopUnit web.service replace"};
        QVERIFY(m_systemd->calls() == wanted);
        put({.active = "active", .sub = "running", .stopResult = "failed", .survivesKill = true});
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Failed);
    }

    void stopAndKillOvertake() {
        put({.holdJobs = true});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        std::optional<ports::AgentResult> started;
        agent.start(false, AgentDriver::into(started));
        QVERIFY(awaitCall("StartUnit web.service replace"));
        std::optional<ports::AgentResult> stopped;
        agent.stop(AgentDriver::into(stopped));
        QVERIFY(started.has_value() && started->outcome == ResourceOutcome::Failed);
        QVERIFY(awaitCall("StopUnit web.service replace"));
        std::optional<ports::AgentResult> killed;
        agent.kill(AgentDriver::into(killed));
        QVERIFY(awaitCall("KillUnit web.service all 9"));
        QVERIFY(!killed.has_value());
        m_systemd->release(web);
        COMPARE_OUTCOME(AgentDriver::await(killed), ResourceOutcome::Stopped);
    }

    void withoutABusItSaysSo() {
        m_systemd.reset();
        m_bus->stop();
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        const ports::AgentResult result = driver.start();
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QVERIFY2(says(result.detail, "systemd can't be reached: connect to unix:path="), result.detail.c_str());
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::CouldNotRun);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Failed); // it may run
    }

    // A bus without systemd on it, as in a container.
    void withoutSystemdItSaysSo() {
        m_systemd->leave();
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        const ports::AgentResult result = driver.probe();
        COMPARE_OUTCOME(result, ResourceOutcome::CouldNotRun);
        QVERIFY2(says(result.detail, "org.freedesktop.systemd1"), result.detail.c_str());
        QVERIFY(m_systemd->join(m_bus->address()));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
    }

    void theBusGoesAndComesBack_data() {
        QTest::addColumn<bool>("whole"); // the bus itself, not just systemd's name on it
        QTest::newRow("the bus") << true;
        QTest::newRow("systemd alone") << false;
    }
    void theBusGoesAndComesBack() {
        QFETCH(bool, whole);
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const auto away = [&] {
            m_systemd->leave();
            if (whole) m_bus->stop();
        };
        const auto back = [&] {
            if (whole) QVERIFY(m_bus->start());
            QVERIFY(m_systemd->join(m_bus->address()));
        };
        away();
        QVERIFY(awaitProgress(driver, "nothing is known of web.service"));
        back();
        QVERIFY(awaitProgress(driver, "systemd is there again: web.service is active (running)"));
        QCOMPARE(driver.count(Kind::Died), 0);
        // It dies while nobody can tell.
        away();
        QVERIFY(QTest::qWaitFor([&] { return driver.count(Kind::Progress) == 3; }, guardMs));
        m_systemd->become(web, "failed", "failed", "exit-code", CLD_EXITED, 1);
        back();
        QVERIFY(driver.awaitNotice(Kind::Died));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        m_systemd->become(web, "inactive", "dead"); // its signals are heard again
        QVERIFY(QTest::qWaitFor([&] { return driver.count(Kind::Died) == 2; }, guardMs));
    }

    void theBusGoesDuringAStart() {
        put({.holdJobs = true});
        SystemdAgent agent(web, m_bus->address());
        AgentDriver driver(agent);
        std::optional<ports::AgentResult> started;
        agent.start(false, AgentDriver::into(started));
        QVERIFY(awaitCall("StartUnit web.service replace"));
        m_systemd->leave();
        m_bus->stop();
        QVERIFY(awaitProgress(driver, "nothing is known of web.service"));
        QVERIFY(m_bus->start() && m_systemd->join(m_bus->address()));
        QVERIFY(awaitProgress(driver, "systemd is there again: web.service is activating"));
        QVERIFY(!started.has_value());
        m_systemd->become(web, "active", "running");
        COMPARE_OUTCOME(AgentDriver::await(started), ResourceOutcome::Running);
    }

    void aUnitIsAskedAfterOnce() {
        put({.load = "masked", .file = "masked"});
        const Result<model::UnitFacts> facts = askUnit(web, m_bus->address());
        QVERIFY2(facts.ok(), facts.ok() ? "" : facts.error().text().c_str());
        QCOMPARE(facts.value().load, std::string("masked"));
        QCOMPARE(facts.value().active, std::string("inactive"));
        QCOMPARE(askUnit("other.service", m_bus->address()).value().load, std::string("not-found"));
        m_systemd->leave();
        const Result<model::UnitFacts> nobody = askUnit(web, m_bus->address());
        QVERIFY(!nobody.ok() && says(nobody.error().text(), "ask systemd for web.service: "));
        m_bus->stop();
        QVERIFY(!askUnit(web, m_bus->address()).ok());
    }
};

QTEST_GUILESS_MAIN(SystemdAgentTest)
#include "systemd_agent_test.moc"
