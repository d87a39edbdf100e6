// SPDX-License-Identifier: Apache-2.0
// Units of a real systemd: its instance for a user, with a bus of its own, below a cgroup of the test. It speaks the
// same protocol as the system's; what only a boot has (units that are enabled, say) is left to the fake.
#include "agents/systemd_agent.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>

#include <algorithm>
#include <csignal>
#include <unistd.h>

#include "agent_driver.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

constexpr const char* manager = "/lib/systemd/systemd";

// In namespaces of its own: what it starts ends with it.
constexpr const char* beginning = R"sh(
set -e
for top in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
  if [ -w $top/cgroup.procs ]; then mkdir -p $top/$CGROUP; echo $$ > $top/$CGROUP/cgroup.procs; fi
done
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
exec /lib/systemd/systemd --user --unit=bus.target
)sh";

} // namespace

class RealSystemdTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    QProcess m_systemd;
    QString m_cgroup;

    std::string bus() const { return "unix:path=" + m_folder->filePath("run/bus").toStdString(); }
    void put(const QString& name, const QByteArray& text) const {
        QFile file(m_folder->filePath("systemd/user/" + name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) == text.size());
    }
    // Asks systemd itself, beside the agent.
    QByteArray ask(const QStringList& words) const {
        QProcess command;
        command.start("/usr/bin/busctl", QStringList{"--address=" + QString::fromStdString(bus())} + words);
        command.waitForFinished(guardMs);
        return command.readAllStandardOutput();
    }
    void killMain(const char* unit) const {
        ask({"call", systemdName, systemdPath, systemdManager, "KillUnit", "ssi", unit, "main", "9"});
    }

private Q_SLOTS:
    void initTestCase() {
        if (::geteuid() != 0) QSKIP("needs root");
        if (!QFile::exists(manager) || !QFile::exists("/usr/bin/busctl")) QSKIP("there is no systemd on this host");
        if (::access("/sys/fs/cgroup", W_OK) != 0 ||
            !(QFile::exists("/sys/fs/cgroup/cgroup.procs") || QFile::exists("/sys/fs/cgroup/unified/cgroup.procs")))
            QSKIP("no cgroup can be made here");
        m_folder = std::make_unique<QTemporaryDir>();
        m_cgroup = "dyad-test-" + QString::number(::getpid());
        QVERIFY(QDir(m_folder->path()).mkpath("systemd/user") && QDir(m_folder->path()).mkpath("run"));
        QFile settings(m_folder->filePath("bus.conf"));
        QVERIFY(settings.open(QIODevice::WriteOnly));
        settings.write("<busconfig><type>session</type><listen>unix:path=/nowhere</listen><auth>EXTERNAL</auth>"
                       "<policy context='default'><allow user='*'/><allow own='*'/><allow send_destination='*'/>"
                       "<allow receive_sender='*'/></policy></busconfig>");
        settings.close();
        put("dbus.socket", "[Socket]\nListenStream=%t/bus\n");
        put("dbus.service", "[Unit]\nRequires=dbus.socket\n[Service]\nExecStart=/usr/bin/dbus-daemon --config-file=" +
                                settings.fileName().toUtf8() + " --address=systemd: --nofork --nopidfile\n");
        put("bus.target", "[Unit]\nRequires=dbus.socket dbus.service\n");
        put("web.service", "[Service]\nExecStart=/bin/sleep 1000\n");
        put("eager.service", "[Service]\nExecStart=/bin/sleep 1000\nRestart=always\nRestartSec=1h\n");
        put("slow.service", "[Service]\nExecStartPre=/bin/sleep 1000\nExecStart=/bin/sleep 1000\nTimeoutStartSec=1h\n");
        put("bad.service", "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'exit 3'\n");
        put("once.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n");
        put("stubborn.service",
            "[Service]\nExecStart=/bin/sh -c 'trap \"\" TERM; while :; do sleep 1000; done'\nTimeoutStopSec=1h\n");
        QVERIFY(QFile::link("/dev/null", m_folder->filePath("systemd/user/masked.service")));
        QProcessEnvironment environment;
        environment.insert("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        environment.insert("HOME", m_folder->path());
        environment.insert("XDG_CONFIG_HOME", m_folder->path());
        environment.insert("XDG_RUNTIME_DIR", m_folder->filePath("run"));
        environment.insert("CGROUP", m_cgroup);
        m_systemd.setProcessEnvironment(environment);
        m_systemd.setProcessChannelMode(QProcess::MergedChannels);
        m_systemd.start("/usr/bin/unshare", {"--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                                             "--propagation", "private", "/bin/sh", "-c", beginning});
        QVERIFY(m_systemd.waitForStarted());
        QVERIFY2(QTest::qWaitFor([&] { return askUnit("web.service", bus()).ok(); }, guardMs),
                 m_systemd.readAll().constData());
    }
    void cleanupTestCase() {
        m_systemd.kill(); // and with it its pid namespace
        m_systemd.waitForFinished(-1);
        m_folder.reset();
        if (m_cgroup.isEmpty()) return;
        for (const char* top : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"}) {
            const QString folder = QString(top) + "/" + m_cgroup;
            // Its processes are gone a moment after their namespace.
            QTRY_VERIFY_WITH_TIMEOUT(QProcess::execute("/usr/bin/find", {top, "-path", folder + "*", "-depth", "-type",
                                                                         "d", "-delete"}) >= 0 &&
                                         !QFile::exists(folder),
                                     guardMs);
        }
    }

    void startProbeStopTwice() {
        SystemdAgent agent("web.service", bus());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        {
            SystemdAgent next("web.service", bus()); // the service was restarted
            AgentDriver adopting(next);
            COMPARE_OUTCOME(adopting.probe(), ResourceOutcome::Running);
        }
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        QCOMPARE(driver.count(Kind::Died), 0);
    }

    // More often than systemd itself would start it again.
    void itsDeathIsToldAndItIsStartedAgain() {
        SystemdAgent agent("web.service", bus());
        AgentDriver driver(agent);
        for (int deaths = 1; deaths <= 7; ++deaths) {
            COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
            killMain("web.service");
            QVERIFY(QTest::qWaitFor([&] { return driver.count(Kind::Died) == deaths; }, guardMs));
            QCOMPARE(driver.notices.back().detail, std::string("web.service is failed (failed), signal: signal 9"));
        }
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }

    void whetherItIsStartedAgainIsForTheGroupToSay() {
        SystemdAgent agent("eager.service", bus());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        killMain("eager.service");
        QVERIFY(driver.awaitNotice(Kind::Died));
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
    }

    void whatCannotBeStarted_data() {
        QTest::addColumn<QString>("unit");
        QTest::addColumn<QString>("says");
        QTest::newRow("missing") << "nowhere.service"
                                 << "systemd has no unit nowhere.service";
        QTest::newRow("masked") << "masked.service"
                                << "the unit masked.service is masked";
        QTest::newRow("bad") << "bad.service"
                             << "exit-code: exit code 3; the job ended with \"failed\"";
        QTest::newRow("ends by itself") << "once.service"
                                        << "once.service is inactive (dead)";
    }
    void whatCannotBeStarted() {
        QFETCH(QString, unit);
        QFETCH(QString, says);
        SystemdAgent agent(unit.toStdString(), bus());
        AgentDriver driver(agent);
        const ports::AgentResult result = driver.start();
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find(says.toStdString()) != std::string::npos, result.detail.c_str());
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }

    void stopOvertakesAStart() {
        SystemdAgent agent("slow.service", bus());
        AgentDriver driver(agent);
        std::optional<ports::AgentResult> started;
        agent.start(false, AgentDriver::into(started));
        QVERIFY(
            QTest::qWaitFor([&] { return askUnit("slow.service", bus()).value().active == "activating"; }, guardMs));
        QVERIFY(!started.has_value());
        SystemdAgent other("slow.service", bus());
        AgentDriver second(other);
        COMPARE_OUTCOME(second.probe(), ResourceOutcome::Starting);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(started.has_value() && started->outcome == ResourceOutcome::Failed);
    }

    void killOvertakesAHangingStop() {
        SystemdAgent agent("stubborn.service", bus());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        std::optional<ports::AgentResult> stopped;
        agent.stop(AgentDriver::into(stopped));
        QVERIFY(QTest::qWaitFor([&] { return askUnit("stubborn.service", bus()).value().active == "deactivating"; },
                                guardMs));
        QVERIFY(!stopped.has_value());
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        QVERIFY(stopped.has_value() && stopped->outcome == ResourceOutcome::Failed);
    }

    // As at an upgrade of systemd: it leaves the bus and comes back, and its units run on.
    void systemdIsExecutedAnew() {
        SystemdAgent agent("web.service", bus());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        ask({"call", systemdName, systemdPath, systemdManager, "Reexecute"});
        QVERIFY(QTest::qWaitFor([&] { return askUnit("web.service", bus()).ok(); }, guardMs));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(driver.count(Kind::Died), 0);
        killMain("web.service");
        QVERIFY(driver.awaitNotice(Kind::Died)); // its signals are heard again
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }
};

QTEST_GUILESS_MAIN(RealSystemdTest)
#include "real_systemd_test.moc"
