// SPDX-License-Identifier: Apache-2.0
// A real server in a temporary folder.
#include "agents/mariadb_agent.h"

#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTcpServer>
#include <QTemporaryDir>
#include <csignal>
#include <pwd.h>
#include <sys/stat.h>

#include "agent_driver.h"
#include "agents/process_agent.h"

using namespace dyad;
using namespace dyad::agents;
using model::CheckDepth;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;
using Verdict = ProbeResult::Verdict;

class MariadbAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;
    model::MariadbSettings m_settings;
    platform::UserAccount m_user;

    std::string path(const char* name) const { return m_folder->filePath(name).toStdString(); }
    Places places() const { return {path("run"), path("state")}; }
    std::unique_ptr<ProcessAgent> make() const { return make(m_settings); }
    std::unique_ptr<ProcessAgent> make(const model::MariadbSettings& settings) const {
        return std::make_unique<ProcessAgent>(planMariadb(settings, "test", "db", places()));
    }
    pid_t mainPid() const {
        const auto identity = platform::readIdentity(places().record("test", "db"));
        return identity ? identity.value().pid : 0;
    }
    // kill(2) takes 0 for ourselves.
    bool signalServer(int number) const {
        const pid_t pid = mainPid();
        return pid > 0 && ::kill(pid, number) == 0;
    }
    std::size_t living() const {
        platform::ProcessTraits traits;
        traits.workingDirectory = m_settings.dataDirectory;
        traits.program = "mariadbd";
        return platform::findProcesses(traits).value().size();
    }
    // As root, whom the server knows by the socket.
    std::string sql(const char* statement) const {
        QProcess client;
        client.setProcessChannelMode(QProcess::MergedChannels);
        client.start("/usr/bin/mariadb", {"--no-defaults", "-N", "-B", "-u", "root", "-S",
                                          QString::fromStdString(m_settings.socket), "-e", statement});
        if (!client.waitForFinished(guardMs)) return "the client does not end";
        return client.readAll().trimmed().toStdString();
    }
    // The check of this depth, as the agent makes it.
    ProbeResult check(const model::MariadbSettings& settings, Duration timeout = 30s) const {
        const auto probe = planMariadb(settings, "test", "db", places()).makeHealthProbe();
        std::optional<ProbeResult> answer;
        probe->run(timeout, [&](const ProbeResult& result) { answer = result; });
        if (answer) return {Verdict::CouldNotRun, "answered from within run()"};
        (void)QTest::qWaitFor([&] { return answer.has_value(); }, guardMs);
        return answer.value_or(ProbeResult{});
    }
    ProbeResult check(CheckDepth depth, Duration timeout = 30s) const {
        model::MariadbSettings settings = m_settings;
        settings.check = depth;
        return check(settings, timeout);
    }
    // A server that the service knows nothing of.
    platform::Child byHand(const model::MariadbSettings& settings) const {
        platform::ChildSetup setup{.command = mariadbCommand(settings), .environment = {"PATH=/usr/bin:/bin"}};
        setup.user = m_user;
        setup.output = platform::ChildSetup::Output::File;
        setup.outputFile = path("by-hand.log");
        Result<platform::Child> child = platform::startChild(setup);
        return child ? std::move(child).value() : platform::Child{};
    }
    static void end(platform::Child& child) {
        (void)platform::sendSignal(child.pidfd, SIGKILL);
        (void)QTest::qWaitFor([&] { return platform::hasEnded(child.pidfd); }, guardMs);
        (void)platform::reap(child.pidfd);
    }
    static std::string all(const std::vector<ports::AgentNotice>& notices) {
        std::string text;
        for (const ports::AgentNotice& notice : notices)
            text += notice.detail + "\n";
        return text;
    }
    bool install(const std::string& directory) const {
        const QString user = QString::fromStdString(m_user.name);
        QProcess program;
        program.setProcessChannelMode(QProcess::MergedChannels);
        program.setWorkingDirectory("/");
        program.start("/usr/bin/mariadb-install-db",
                      {"--no-defaults", "--user=" + user, "--datadir=" + QString::fromStdString(directory),
                       "--auth-root-authentication-method=socket", "--auth-root-socket-user=" + user, "--skip-test-db",
                       "--innodb-log-file-size=4M"});
        if (program.waitForFinished(guardMs) && program.exitCode() == 0) return true;
        qWarning("%s", program.readAll().constData());
        return false;
    }
    static void write(const std::string& path, const char* text, mode_t mode) {
        QFile file(QString::fromStdString(path));
        if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate)) qFatal("no file");
        file.write(text);
        file.close();
        ::chmod(path.c_str(), mode);
    }

private Q_SLOTS:
    void initTestCase() {
        if (::geteuid() != 0) QSKIP("needs root");
        for (const char* program : {"/usr/sbin/mariadbd", "/usr/bin/mariadb-install-db", "/usr/bin/mariadb"})
            if (!QFile::exists(program)) QSKIP("needs mariadb-server-core and mariadb-client-core");
        Result<platform::UserAccount> user = platform::findUser("mysql"); // only mariadb-server makes that one
        if (!user) user = platform::findUser("nobody");
        QVERIFY(user.ok());
        m_user = user.value();
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(::chmod(m_folder->path().toUtf8().constData(), 0755) == 0);
        for (const char* name : {"run", "state", "data"})
            QVERIFY(QDir().mkpath(m_folder->filePath(name)));
        m_settings.dataDirectory = QDir(m_folder->filePath("data")).canonicalPath().toStdString();
        m_settings.user = m_user.name;
        m_settings.socket = path("sockets/server.sock");
        m_settings.port = 13306;
        m_settings.bindAddress = "127.0.0.1";
        m_settings.options = {"innodb_log_file_size=4M", "innodb_buffer_pool_size=8M", "innodb_use_native_aio=0",
                              "performance_schema=0", "skip-name-resolve"};
        m_settings.health.interval = 10ms;
        QVERIFY(::chown(m_settings.dataDirectory.c_str(), m_user.user, m_user.group) == 0);
        QVERIFY(install(m_settings.dataDirectory));
    }
    void cleanup() {
        if (!m_folder) return;
        const auto agent = make();
        AgentDriver(*agent).kill();
        QCOMPARE(living(), std::size_t{0});
    }

    void startStopTwice() {
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(sql("select @@sync_binlog, @@innodb_flush_log_at_trx_commit, @@port"), std::string("1\t1\t13306"));
        struct stat status {};
        QCOMPARE(::stat(path("sockets").c_str(), &status), 0);
        QCOMPARE(status.st_uid, m_user.user);
        QVERIFY(QFile::exists(m_folder->filePath("sockets/server.pid")));
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QCOMPARE(living(), std::size_t{0});
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QCOMPARE(driver.count(Kind::Unhealthy) + driver.count(Kind::Died), 0);
        // It was stopped in order: there is nothing to recover.
        driver.notices.clear();
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const std::string story = all(driver.notices);
        QVERIFY2(story.find("recovery") == std::string::npos, story.c_str());
        QVERIFY2(story.find("ready for connections") != std::string::npos, story.c_str());
    }

    void stopDuringTheStart() {
        const auto agent = make();
        AgentDriver driver(*agent);
        std::optional<ports::AgentResult> started;
        agent->start(false, AgentDriver::into(started));
        QVERIFY(QTest::qWaitFor([&] { return mainPid() != 0; }, guardMs));
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(started && started->outcome == ResourceOutcome::Failed);
        QCOMPARE(living(), std::size_t{0});
    }

    // Nobody asks while this lasts: its end can only be told by the kernel.
    void aKilledServerIsNoticedAndStartsAgain() {
        model::MariadbSettings settings = m_settings;
        settings.health.interval = 1h;
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QCOMPARE(sql("create database shop; create table shop.t (n int); insert into shop.t values (42)"),
                 std::string());
        driver.notices.clear();
        QVERIFY(signalServer(SIGKILL));
        QVERIFY(driver.awaitNotice(Kind::Died));
        QVERIFY2(driver.notices.front().detail.find("signal 9") != std::string::npos, all(driver.notices).c_str());
        // What it has left behind is in nobody's way: the socket, and the number of a living stranger in the pid file.
        QVERIFY(QFile::exists(QString::fromStdString(m_settings.socket)));
        write(path("sockets/server.pid"), std::to_string(::getpid()).c_str(), 0644);
        driver.notices.clear();
        COMPARE_OUTCOME(driver.start(true), ResourceOutcome::Running);
        const std::string story = all(driver.notices);
        QVERIFY2(story.find("recovery: InnoDB: Starting crash recovery") != std::string::npos, story.c_str());
        QCOMPARE(sql("select n from shop.t"), std::string("42"));
    }

    void adopted() {
        auto agent = make();
        COMPARE_OUTCOME(AgentDriver(*agent).start(), ResourceOutcome::Running);
        const pid_t pid = mainPid();
        agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QCOMPARE(mainPid(), pid);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    void theDepthsOfTheCheck() {
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const auto well = [&](CheckDepth depth) {
            const ProbeResult result = check(depth);
            return result.verdict == Verdict::Well ? std::string() : result.detail;
        };
        QCOMPARE(well(CheckDepth::Port), std::string());
        QCOMPARE(well(CheckDepth::Select), std::string());
        QVERIFY(sql("show databases like 'dyad'").empty());
        QCOMPARE(well(CheckDepth::Write), std::string()); // makes its table
        QCOMPARE(well(CheckDepth::Write), std::string());
        QCOMPARE(sql("select id, times from dyad.dyad_probe"), std::string("1\t2"));
        QCOMPARE(sql("drop table dyad.dyad_probe; set global autocommit = 0"), std::string());
        QCOMPARE(well(CheckDepth::Write), std::string());
        QCOMPARE(sql("select id, times from dyad.dyad_probe"), std::string("1\t1"));
        QCOMPARE(sql("set global autocommit = 1; set global read_only = 1"), std::string());
        const ProbeResult readOnly = check(CheckDepth::Write);
        QCOMPARE(readOnly.verdict, Verdict::Failed);
        QVERIFY2(readOnly.detail.find("read-only") != std::string::npos, readOnly.detail.c_str());
        QCOMPARE(well(CheckDepth::Select), std::string());
        QCOMPARE(well(CheckDepth::Port), std::string());
        QCOMPARE(sql("set global read_only = 0; set global tx_read_only = 1"), std::string());
        QCOMPARE(check(CheckDepth::Write).verdict, Verdict::Failed);
        QCOMPARE(well(CheckDepth::Select), std::string());
        QCOMPARE(sql("set global tx_read_only = 0"), std::string());
        QCOMPARE(well(CheckDepth::Write), std::string());
        // A table of the name, but not ours: the question is at fault.
        QCOMPARE(sql("drop table dyad.dyad_probe; create table dyad.dyad_probe (other int)"), std::string());
        QCOMPARE(check(CheckDepth::Write).verdict, Verdict::CouldNotRun);
        QCOMPARE(sql("drop database dyad"), std::string());
        // One that hangs: the kernel still takes connections for it.
        QVERIFY(signalServer(SIGSTOP));
        const ProbeResult hung = check(CheckDepth::Select, 100ms);
        const ProbeResult port = check(CheckDepth::Port);
        QVERIFY(signalServer(SIGCONT));
        QCOMPARE(hung.verdict, Verdict::Failed);
        QCOMPARE(port.verdict, Verdict::Well);
        // Nobody is said good-bye to in a way that the server has to complain about.
        QFile log(QString::fromStdString(places().log("test", "db")));
        QVERIFY(log.open(QIODevice::ReadOnly));
        const QByteArray said = log.readAll();
        QVERIFY2(!said.contains("user: '" + QByteArray::fromStdString(m_user.name) + "'"), said.constData());
    }

    void aReadOnlyServerIsUnhealthy() {
        model::MariadbSettings settings = m_settings;
        settings.check = CheckDepth::Write;
        const auto agent = make(settings);
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QTRY_VERIFY_WITH_TIMEOUT(!sql("select 1 from dyad.dyad_probe where times > 1").empty() &&
                                     sql("select 1 from dyad.dyad_probe where times > 1") == "1",
                                 guardMs);
        QCOMPARE(driver.count(Kind::Unhealthy), 0);
        QCOMPARE(sql("set global read_only = 1"), std::string());
        QVERIFY(driver.awaitNotice(Kind::Unhealthy));
        const std::string told = all(driver.notices);
        QVERIFY2(told.find("3 failed checks in a row, the last: the database is read-only") != std::string::npos,
                 told.c_str());
    }

    void aRefusedLoginIsNoFailedCheck() {
        const auto agent = make();
        AgentDriver driver(*agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        model::MariadbSettings settings = m_settings;
        settings.account = "watch";
        ProbeResult result = check(settings);
        QCOMPARE(result.verdict, Verdict::CouldNotRun);
        QVERIFY2(result.detail.find("Access denied") != std::string::npos, result.detail.c_str());
        QCOMPARE(sql("create user watch@localhost identified by 'geheim'"), std::string());
        settings.passwordFile = path("password");
        write(settings.passwordFile, "geheim\n", 0600);
        QCOMPARE(check(settings).verdict, Verdict::Well);
        // It may not make the table.
        settings.check = CheckDepth::Write;
        QCOMPARE(check(settings).verdict, Verdict::CouldNotRun);
        settings.check = CheckDepth::Select;
        write(settings.passwordFile, "geheim\n", 0640);
        result = check(settings);
        QCOMPARE(result.verdict, Verdict::CouldNotRun);
        QVERIFY2(result.detail.find("chmod 0600") != std::string::npos, result.detail.c_str());
        write(settings.passwordFile, "falsch\n", 0600);
        result = check(settings);
        QCOMPARE(result.verdict, Verdict::CouldNotRun);
        QVERIFY2(result.detail.find("falsch") == std::string::npos, result.detail.c_str());
        // Whom the server doesn't let in may still see that it is up.
        QCOMPARE(sql("drop user watch@localhost"), std::string());
        const auto adopting = make(settings);
        COMPARE_OUTCOME(AgentDriver(*adopting).probe(), ResourceOutcome::Running);
    }

    void withoutADatabaseItSaysHowToMakeOne() {
        QVERIFY(QDir().mkpath(m_folder->filePath("empty")));
        model::MariadbSettings settings = m_settings;
        settings.dataDirectory = path("empty");
        QVERIFY(::chown(settings.dataDirectory.c_str(), m_user.user, m_user.group) == 0);
        const ports::AgentResult result = AgentDriver(*make(settings)).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("mariadb-install-db --user=" + m_user.name +
                                    " --datadir=" + settings.dataDirectory) != std::string::npos,
                 result.detail.c_str());
        QVERIFY(QDir(m_folder->filePath("empty")).isEmpty()); // a start would have begun one
    }

    void theDataOfAnotherUserAreRefused() {
        QVERIFY(::chown(m_settings.dataDirectory.c_str(), 0, 0) == 0);
        const ports::AgentResult result = AgentDriver(*make()).start();
        QVERIFY(::chown(m_settings.dataDirectory.c_str(), m_user.user, m_user.group) == 0);
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("it belongs to user number 0, not to " + m_user.name) != std::string::npos,
                 result.detail.c_str());
    }

    void aPortInUseIsNamed() {
        QTcpServer other;
        QVERIFY(other.listen(QHostAddress::LocalHost));
        model::MariadbSettings settings = m_settings;
        settings.port = other.serverPort();
        const ports::AgentResult result = AgentDriver(*make(settings)).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("Address already in use") != std::string::npos, result.detail.c_str());
        QCOMPARE(living(), std::size_t{0});
    }

    void aServerOfSomebodyElseIsLeftAlone() {
        QVERIFY(QDir().mkpath(m_folder->filePath("sockets")));
        QVERIFY(::chown(path("sockets").c_str(), m_user.user, m_user.group) == 0);
        platform::Child child = byHand(m_settings);
        QVERIFY(child.pidfd.valid());
        const bool up = QTest::qWaitFor([&] { return check(CheckDepth::Select).verdict == Verdict::Well; }, guardMs);
        const ports::AgentResult same = AgentDriver(*make()).start();
        // On other data, but at the same socket.
        model::MariadbSettings settings = m_settings;
        settings.dataDirectory = path("second");
        settings.port = 13307;
        const bool made = QDir().mkpath(m_folder->filePath("second/mysql")) &&
                          ::chown(settings.dataDirectory.c_str(), m_user.user, m_user.group) == 0;
        if (made) write(settings.dataDirectory + "/mysql/db.frm", "", 0644);
        const ports::AgentResult beside = AgentDriver(*make(settings)).start();
        const bool alive = !platform::hasEnded(child.pidfd);
        end(child);
        QVERIFY(up && made && alive);
        QCOMPARE(same.outcome, ResourceOutcome::Failed);
        QVERIFY2(same.detail.find("Dyad didn't start") != std::string::npos, same.detail.c_str());
        QCOMPARE(beside.outcome, ResourceOutcome::Failed);
        QVERIFY2(beside.detail.find("another server listens on it") != std::string::npos, beside.detail.c_str());
    }

    void aMissingProgramIsNamed() {
        model::MariadbSettings settings = m_settings;
        settings.program = "/nowhere/mariadbd";
        const ports::AgentResult result = AgentDriver(*make(settings)).start();
        QCOMPARE(result.outcome, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("/nowhere/mariadbd") != std::string::npos, result.detail.c_str());
    }
};

QTEST_GUILESS_MAIN(MariadbAgentTest)
#include "mariadb_agent_test.moc"
