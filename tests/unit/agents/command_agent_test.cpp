// SPDX-License-Identifier: Apache-2.0
#include "agents/command_agent.h"

#include <QFile>
#include <QTemporaryDir>

#include <algorithm>

#include "agent_driver.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

class CommandAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    static std::vector<std::string> shell(const std::string& script) { return {"/bin/sh", "-c", script}; }
    // Runs while the file "on" is there.
    model::CommandSettings lamp() const {
        model::CommandSettings settings;
        settings.start = shell("touch " + path("on") + "; echo lit");
        settings.stop = shell("rm -f " + path("on"));
        settings.monitor = shell("[ -e " + path("on") + " ] || exit 7; [ ! -e " + path("flicker") +
                                 " ] || { echo flickers; exit 1; }");
        settings.interval = 10ms;
        return settings;
    }
    CommandAgent make(const model::CommandSettings& settings) const {
        return CommandAgent(planCommand(settings, "test/command", path("note")));
    }
    static std::size_t left() {
        platform::ProcessTraits traits;
        traits.environmentMark = "DYAD_RESOURCE=test/command";
        return platform::findProcesses(traits).value().size();
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void cleanup() { QCOMPARE(left(), std::size_t{0}); }

    void startMonitorStop() {
        CommandAgent agent = make(lamp());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        const ports::AgentResult started = driver.start();
        QCOMPARE(started.outcome, ResourceOutcome::Running);
        QCOMPARE(started.detail, std::string("lit"));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
    }

    void goneIsDiedAndFaultyIsUnhealthy() {
        CommandAgent agent = make(lamp());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(QFile(m_folder->filePath("flicker")).open(QIODevice::WriteOnly));
        QVERIFY(driver.awaitNotice(Kind::Unhealthy));
        QVERIFY2(driver.notices.back().detail.ends_with("flickers"), driver.notices.back().detail.c_str());
        QVERIFY(QFile::remove(m_folder->filePath("on")));
        QVERIFY(driver.awaitNotice(Kind::Died));
        QCOMPARE(driver.count(Kind::Unhealthy), 1);
    }

    // Linux Standard Base: what "status" of an init script ends with.
    void theStatusOfAnInitScript_data() {
        QTest::addColumn<int>("code");
        QTest::addColumn<ResourceOutcome>("found");
        QTest::addColumn<Kind>("told"); // while it runs; Progress: could not be run
        QTest::addColumn<QString>("words");
        QTest::newRow("1") << 1 << ResourceOutcome::Stopped << Kind::Died << "exit code 1 (dead, and its pid file is there)";
        QTest::newRow("2") << 2 << ResourceOutcome::Stopped << Kind::Died << "exit code 2 (dead, and its lock is there)";
        QTest::newRow("3") << 3 << ResourceOutcome::Stopped << Kind::Died << "exit code 3 (not running)";
        QTest::newRow("4") << 4 << ResourceOutcome::CouldNotRun << Kind::Progress << "exit code 4 (unknown)";
        QTest::newRow("7") << 7 << ResourceOutcome::CouldNotRun << Kind::Progress << "exit code 7";
        QTest::newRow("150") << 150 << ResourceOutcome::CouldNotRun << Kind::Progress << "exit code 150";
    }
    void theStatusOfAnInitScript() {
        QFETCH(int, code);
        QFETCH(ResourceOutcome, found);
        QFETCH(Kind, told);
        QFETCH(QString, words);
        QFile script(m_folder->filePath("lampd"));
        QVERIFY(script.open(QIODevice::WriteOnly));
        const std::string text = "#!/bin/sh\ncase $1 in\nstart) touch " + path("on") + ";;\nstop) rm -f " + path("on") +
                                 ";;\nstatus) [ ! -e " + path("code") + " ] || exit $(cat " + path("code") + "); [ -e " +
                                 path("on") + " ] || exit 3;;\n*) exit 2;;\nesac\n";
        script.write(text.c_str());
        script.setPermissions(script.permissions() | QFile::ExeOwner);
        script.close();
        model::CommandSettings settings;
        settings.start = {path("lampd"), "start"};
        settings.stop = {path("lampd"), "stop"};
        settings.monitor = {path("lampd"), "status"};
        settings.interval = 10ms;
        settings.lsb = true;
        CommandAgent agent = make(settings);
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QFile end(m_folder->filePath("code.new"));
        QVERIFY(end.open(QIODevice::WriteOnly) && end.write(QByteArray::number(code)) > 0);
        end.close();
        QVERIFY(QFile::rename(m_folder->filePath("code.new"), m_folder->filePath("code"))); // whole, or not there
        QVERIFY(driver.awaitNotice(told));
        QVERIFY2(driver.notices.back().detail.find(words.toStdString()) != std::string::npos,
                 driver.notices.back().detail.c_str());
        COMPARE_OUTCOME(driver.probe(), found);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    // What a badly written script does: its daemon stays in the background and holds its output, its monitor prints
    // rubbish and an unknown code, and its stop ignores what it is told and leaves children behind.
    void aStartThatForksAndHoldsItsOutputHasEnded() {
        model::CommandSettings settings = lamp();
        settings.start = shell("touch " + path("on") + "; (trap '' TERM HUP; while :; do sleep 600; done) & echo forked");
        CommandAgent agent = make(settings);
        AgentDriver driver(agent);
        const ports::AgentResult started = driver.start();
        COMPARE_OUTCOME(started, ResourceOutcome::Running);
        QCOMPARE(started.detail, std::string("forked"));
        QVERIFY(left() > 0);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped); // cleanup() sees that nothing is left
    }

    void aMonitorThatPrintsRubbishIsReadAsText() {
        model::CommandSettings settings = lamp();
        settings.monitor = shell("head -c 100000 /dev/urandom; exit 199");
        CommandAgent agent = make(settings);
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(driver.awaitNotice(Kind::Progress));
        const std::string& detail = driver.notices.back().detail;
        QVERIFY(detail.size() <= maxCapturedBytes + 200);
        QVERIFY(std::none_of(detail.begin(), detail.end(), [](unsigned char each) { return each < 0x20 || each == 0x7f; }));
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    void aMonitorThatCannotRunSaysNothingOfTheResource() {
        model::CommandSettings settings = lamp();
        settings.monitor = shell("exit 42");
        CommandAgent agent = make(settings);
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::CouldNotRun);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QVERIFY(driver.awaitNotice(Kind::Progress));
        QCOMPARE(driver.count(Kind::Died) + driver.count(Kind::Unhealthy), 0);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    void failuresCarryTheLastLines() {
        model::CommandSettings settings = lamp();
        settings.start = shell("for i in 1 2 3 4 5 6 7; do echo line $i; done; exit 5");
        CommandAgent agent = make(settings);
        const ports::AgentResult result = AgentDriver(agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QCOMPARE(result.detail, std::string("start: exit code 5: line 3 | line 4 | line 5 | line 6 | line 7"));

        settings.start = {"/nowhere/start"};
        CommandAgent missing = make(settings);
        QCOMPARE(AgentDriver(missing).start().detail,
                 std::string("start: run /nowhere/start: No such file or directory (2)"));
    }

    void endlessOutputIsBounded() {
        model::CommandSettings settings = lamp();
        settings.start = shell("head -c 5000000 /dev/zero | tr '\\0' 'x'; echo; echo end; exit 1");
        CommandAgent agent = make(settings);
        const ports::AgentResult result = AgentDriver(agent).start();
        QVERIFY(result.detail.size() <= maxCapturedBytes + 100);
        QVERIFY(result.detail.ends_with("| end"));
    }

    void stopOvertakesAHangingStart() {
        model::CommandSettings settings = lamp();
        settings.start = shell("sleep 600");
        CommandAgent agent = make(settings);
        AgentDriver driver(agent);
        std::optional<ports::AgentResult> started;
        agent.start(false, AgentDriver::into(started));
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(started.has_value() && started->outcome == ResourceOutcome::Failed);
    }

    void killOvertakesAHangingStop() {
        model::CommandSettings settings = lamp();
        settings.start = shell("setsid sleep 600 >/dev/null 2>&1 &");
        settings.stop = shell("trap '' TERM; sleep 600");
        CommandAgent agent = make(settings);
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QTRY_COMPARE_WITH_TIMEOUT(left(), std::size_t{1}, guardMs);
        std::optional<ports::AgentResult> stopped;
        agent.stop(AgentDriver::into(stopped));
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        QCOMPARE(left(), std::size_t{0});
    }

    void withoutAMonitorTheNoteTells() {
        model::CommandSettings settings = lamp();
        settings.monitor.clear();
        {
            CommandAgent agent = make(settings);
            COMPARE_OUTCOME(AgentDriver(agent).start(), ResourceOutcome::Running);
        }
        CommandAgent next = make(settings);
        AgentDriver driver(next);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
    }
};

QTEST_GUILESS_MAIN(CommandAgentTest)
#include "command_agent_test.moc"
