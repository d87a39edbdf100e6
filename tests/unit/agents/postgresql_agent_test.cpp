// SPDX-License-Identifier: Apache-2.0
// A real server in a temporary folder.
#include "agents/postgresql_agent.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <csignal>
#include <sys/stat.h>

#include "agent_driver.h"
#include "agents/process_agent.h"
#include "agents/sql_probe.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

class PostgresqlAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    model::PostgresqlSettings m_settings;

    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    Places places() const { return {path("run"), path("state")}; }
    std::unique_ptr<ProcessAgent> make() const {
        return std::make_unique<ProcessAgent>(planPostgresql(m_settings, "test", "db", places()));
    }
    pid_t mainPid() const {
        const auto identity = platform::readIdentity(places().record("test", "db"));
        return identity ? identity.value().pid : 0;
    }
    std::size_t living() const {
        platform::ProcessTraits traits;
        traits.workingDirectory = m_settings.dataDirectory;
        traits.program = "postgres";
        return platform::findProcesses(traits).value().size();
    }
    ProbeResult sql(const std::string& query) const {
        SqlProbeSettings settings;
        settings.connection = "host=" + m_settings.socketDirectory +
                              " dbname=postgres user=postgres port=" + std::to_string(m_settings.port);
        settings.query = query;
        settings.asUser = platform::findUser("postgres").value();
        SqlProbeRunner probe(settings);
        std::optional<ProbeResult> answer;
        probe.run(30s, [&](const ProbeResult& result) { answer = result; });
        (void)QTest::qWaitFor([&] { return answer.has_value(); }, guardMs);
        return answer.value_or(ProbeResult{});
    }
    // The check of this depth, as the agent makes it.
    ProbeResult check(model::CheckDepth depth, Duration timeout = 30s) const {
        model::PostgresqlSettings settings = m_settings;
        settings.check = depth;
        const auto probe = planPostgresql(settings, "test", "db", places()).makeHealthProbe();
        std::optional<ProbeResult> answer;
        probe->run(timeout, [&](const ProbeResult& result) { answer = result; });
        if (answer) return {ProbeResult::Verdict::CouldNotRun, "answered from within run()"};
        (void)QTest::qWaitFor([&] { return answer.has_value(); }, guardMs);
        return answer.value_or(ProbeResult{});
    }
    static std::string all(const std::vector<ports::AgentNotice>& notices) {
        std::string text;
        for (const ports::AgentNotice& notice : notices)
            text += notice.detail + "\n";
        return text;
    }

private Q_SLOTS:
    void initTestCase() {
        if (::geteuid() != 0) QSKIP("needs root");
        if (!QFile::exists("/usr/lib/postgresql/15/bin/initdb")) QSKIP("needs postgresql-15");
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(::chmod(m_folder->path().toUtf8().constData(), 0755) == 0);
        for (const char* name : {"run", "state", "data"})
            QVERIFY(QDir().mkpath(m_folder->filePath(name)));
        const Result<platform::UserAccount> user = platform::findUser("postgres");
        QVERIFY(user.ok());
        m_settings.dataDirectory = QDir(m_folder->filePath("data")).canonicalPath().toStdString();
        m_settings.socketDirectory = path("sockets");
        m_settings.port = 15432;
        m_settings.options = {"listen_addresses=127.0.0.1", "max_connections=20", "shared_buffers=16MB"};
        m_settings.health.interval = 10ms;
        QVERIFY(::chown(m_settings.dataDirectory.c_str(), user.value().user, user.value().group) == 0);
        QProcess initdb;
        // "peer" authentication as Debian has it: the probe must ask as the database's user.
        initdb.start("/usr/sbin/runuser", {"-u", "postgres", "--", "/usr/lib/postgresql/15/bin/initdb", "--no-sync",
                                           "-A", "peer", "-D", QString::fromStdString(m_settings.dataDirectory)});
        QVERIFY(initdb.waitForFinished(guardMs));
        QVERIFY2(initdb.exitCode() == 0, initdb.readAllStandardError().constData());
    }
    void cleanup() {
        if (!m_folder) return;
        const auto agent = make();
        AgentDriver(*agent).kill();
        QCOMPARE(living(), std::size_t{0});
    }

    void startStop() {
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QCOMPARE(sql("create table if not exists row (n int)").verdict, ProbeResult::Verdict::Well);
        QCOMPARE(sql("select * from nothing").verdict, ProbeResult::Verdict::CouldNotRun);
        QCOMPARE(sql("select generate_series(1, 100000000)").verdict, ProbeResult::Verdict::Well); // bounded memory
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QCOMPARE(living(), std::size_t{0});
        QCOMPARE(driver.count(Kind::Unhealthy) + driver.count(Kind::Died), 0);
    }

    void theDepthsOfTheCheck() {
        using model::CheckDepth;
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const auto well = [&](CheckDepth depth) {
            const ProbeResult result = check(depth);
            return result.verdict == ProbeResult::Verdict::Well ? std::string() : result.detail;
        };
        QCOMPARE(well(CheckDepth::Port), std::string());
        QCOMPARE(well(CheckDepth::Select), std::string());
        QCOMPARE(sql("select 1 from dyad_probe").verdict, ProbeResult::Verdict::CouldNotRun);
        QCOMPARE(well(CheckDepth::Write), std::string()); // makes its table
        QCOMPARE(well(CheckDepth::Write), std::string());
        QCOMPARE(sql("select 1 / (case when times = 2 then 1 else 0 end) from dyad_probe").verdict,
                 ProbeResult::Verdict::Well);
        QCOMPARE(sql("alter system set default_transaction_read_only = on").verdict, ProbeResult::Verdict::Well);
        QCOMPARE(sql("select pg_reload_conf()").verdict, ProbeResult::Verdict::Well);
        QTRY_COMPARE_WITH_TIMEOUT(check(CheckDepth::Write).verdict, ProbeResult::Verdict::Failed, guardMs);
        QCOMPARE(well(CheckDepth::Select), std::string());
        QCOMPARE(well(CheckDepth::Port), std::string());
        QCOMPARE(sql("alter system reset default_transaction_read_only").verdict, ProbeResult::Verdict::Well);
        QCOMPARE(sql("select pg_reload_conf()").verdict, ProbeResult::Verdict::Well);
        QTRY_COMPARE_WITH_TIMEOUT(well(CheckDepth::Write), std::string(), guardMs);
        // A table of the name, but not ours: the question is at fault.
        QCOMPARE(sql("drop table dyad_probe; create table dyad_probe (other int)").verdict, ProbeResult::Verdict::Well);
        QTRY_COMPARE_WITH_TIMEOUT(check(CheckDepth::Write).verdict, ProbeResult::Verdict::CouldNotRun, guardMs);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QCOMPARE(check(CheckDepth::Port).verdict, ProbeResult::Verdict::Failed);
        QCOMPARE(check(CheckDepth::Write).verdict, ProbeResult::Verdict::Failed);
    }

    void crashThenRecovery() {
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QCOMPARE(
            sql("create table if not exists crash (n int); insert into crash select generate_series(1, 1000)").verdict,
            ProbeResult::Verdict::Well);
        QVERIFY(living() > 1);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        QCOMPARE(living(), std::size_t{0}); // the backends too, though they lead sessions of their own
        QVERIFY(QFile::exists(QString::fromStdString(m_settings.dataDirectory + "/postmaster.pid")));
        driver.notices.clear();
        COMPARE_OUTCOME(driver.start(true), ResourceOutcome::Running);
        const std::string story = all(driver.notices);
        QVERIFY2(story.find("recovery: redo starts at") != std::string::npos, story.c_str());
        QVERIFY2(story.find("ready to accept connections") != std::string::npos, story.c_str());
        QCOMPARE(sql("select 1 / (count(*) / 1000) from crash").verdict, ProbeResult::Verdict::Well);
    }

    void postmasterKilledIsNoticedAndStartsAgain() {
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QCOMPARE(::kill(mainPid(), SIGKILL), 0);
        QVERIFY(driver.awaitNotice(Kind::Died));
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
    }

    void adopted() {
        auto agent = make();
        COMPARE_OUTCOME(AgentDriver(*agent).start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        QCOMPARE(sql("").verdict, ProbeResult::Verdict::Well);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    void stalePidFileOfALivingStranger() {
        // As the crashed node leaves it: the number in it belongs to another living process here (to this test).
        QFile file(QString::fromStdString(m_settings.dataDirectory + "/postmaster.pid"));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::number(::getpid()) + "\n" + QByteArray::fromStdString(m_settings.dataDirectory) +
                   "\n1\n15432\n\n127.0.0.1\n0 0\nready\n");
        file.close();
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(true), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    void serverOfSomebodyElseIsLeftAlone() {
        // Started by hand, as an administrator or the host's own unit would do it.
        const std::vector<std::string> command = postgresqlCommand(m_settings);
        platform::ChildSetup setup{.command = command, .environment = {"PATH=/usr/bin:/bin"}};
        setup.user = platform::findUser("postgres").value();
        QVERIFY(QDir().mkpath(QString::fromStdString(m_settings.socketDirectory)));
        Result<platform::Child> byHand = platform::startChild(setup);
        QVERIFY(byHand.ok());
        QTRY_COMPARE_WITH_TIMEOUT(sql("").verdict, ProbeResult::Verdict::Well, guardMs);
        const auto agent = make();
        AgentDriver driver(*agent);
        const ports::AgentResult result = driver.start();
        const bool alive = !platform::hasEnded(byHand.value().pidfd);
        (void)platform::sendSignal(byHand.value().pidfd, SIGINT);
        QTRY_VERIFY_WITH_TIMEOUT(platform::hasEnded(byHand.value().pidfd), guardMs);
        (void)platform::reap(byHand.value().pidfd);
        QVERIFY(alive);
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("Dyad didn't start") != std::string::npos, result.detail.c_str());
    }

    void noDataDirectory() {
        model::PostgresqlSettings settings = m_settings;
        settings.dataDirectory = path("nothing");
        ProcessAgent agent(planPostgresql(settings, "test", "other", places()));
        const ports::AgentResult result = AgentDriver(agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("initdb") != std::string::npos, result.detail.c_str());
    }

    void dataDirectoryOverALinkIsRefused() {
        QVERIFY(QFile::link(QString::fromStdString(m_settings.dataDirectory), m_folder->filePath("link")));
        model::PostgresqlSettings settings = m_settings;
        settings.dataDirectory = path("link");
        ProcessAgent agent(planPostgresql(settings, "test", "other", places()));
        const ports::AgentResult result = AgentDriver(agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("Configure it as " + m_settings.dataDirectory) != std::string::npos,
                 result.detail.c_str());
    }

    void unsafeOptionIsRefused() {
        model::PostgresqlSettings settings = m_settings;
        settings.options.emplace_back("FSync=Off");
        ProcessAgent agent(planPostgresql(settings, "test", "other", places()));
        const ports::AgentResult result = AgentDriver(agent).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("FSync=Off") != std::string::npos, result.detail.c_str());
    }
};

QTEST_GUILESS_MAIN(PostgresqlAgentTest)
#include "postgresql_agent_test.moc"
