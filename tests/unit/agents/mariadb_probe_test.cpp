// SPDX-License-Identifier: Apache-2.0
// The probe where no server is, and where a fake one says what no server says; the words of the plan.
#include "agents/mariadb_probe.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QTemporaryDir>
#include <QTest>
#include <sys/stat.h>

#include "agents/mariadb_agent.h"

using namespace dyad;
using namespace dyad::agents;
using Verdict = ProbeResult::Verdict;

namespace {

constexpr int guardMs = 60000;

ProbeResult ask(ProbeRunner& probe, Duration timeout) {
    std::optional<ProbeResult> answer;
    probe.run(timeout, [&](const ProbeResult& result) { answer = result; });
    if (answer) return {Verdict::CouldNotRun, "answered from within run()"};
    if (!QTest::qWaitFor([&] { return answer.has_value(); }, guardMs))
        return {Verdict::CouldNotRun, "no answer at all"};
    return *answer;
}

// Takes connections on a Unix socket and greets each with the same bytes; not a server.
class FakeServer {
public:
    FakeServer(const QString& path, const QByteArray& greeting, bool hangsUp) {
        QObject::connect(&m_server, &QLocalServer::newConnection, &m_server, [this, greeting, hangsUp] {
            while (QLocalSocket* socket = m_server.nextPendingConnection()) {
                ++connections;
                socket->write(greeting);
                if (hangsUp) socket->disconnectFromServer();
            }
        });
        if (!m_server.listen(path)) qFatal("no socket to listen on");
    }
    int connections = 0;

private:
    QLocalServer m_server;
};

QByteArray packet(const QByteArray& payload, char sequence = 0) {
    const auto size = static_cast<unsigned>(payload.size());
    QByteArray bytes;
    for (const unsigned shift : {0u, 8u, 16u})
        bytes.append(static_cast<char>(size >> shift & 0xff));
    return bytes.append(sequence).append(payload);
}

QByteArray errorPacket(unsigned number, const QByteArray& words) {
    QByteArray payload("\xff");
    payload.append(static_cast<char>(number & 0xff)).append(static_cast<char>(number >> 8));
    return packet(payload + words);
}

} // namespace

class MariadbProbeTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    MariadbProbeSettings at(const QString& socket) const {
        return {.socket = socket.toStdString(), .account = "root", .database = "dyad"};
    }

private Q_SLOTS:
    void nobodyThere() {
        MariadbProbeRunner probe(at(m_folder.filePath("nothing")));
        for (int again = 0; again < 2; ++again) {
            const ProbeResult result = ask(probe, 10s);
            QCOMPARE(result.verdict, Verdict::Failed);
            QVERIFY2(result.detail.find("error 2002") != std::string::npos, result.detail.c_str());
        }
    }

    void fakeServers_data() {
        QTest::addColumn<QByteArray>("greeting");
        QTest::addColumn<bool>("hangsUp");
        QTest::addColumn<int>("verdict");
        QTest::addColumn<QString>("says");
        const int failed = static_cast<int>(Verdict::Failed);
        const int couldNotRun = static_cast<int>(Verdict::CouldNotRun);
        QTest::newRow("silent") << QByteArray() << false << failed << "no answer in time";
        QTest::newRow("hangs up") << QByteArray() << true << failed << "";
        QTest::newRow("half a packet") << packet("hello").left(6) << false << failed << "no answer in time";
        QTest::newRow("no greeting") << packet("hello") << true << failed << "";
        QTest::newRow("longer than ever")
            << QByteArray("\xff\xff\xff\x00", 4) + QByteArray(200000, 'x') << true << failed << "";
        QTest::newRow("a greeting that ends too early") << packet(QByteArray("\x0a"
                                                                             "11.0\0\1\0\0\0",
                                                                             10))
                                                        << true << failed << "";
        QTest::newRow("full house") << errorPacket(1040, "Too many connections") << true << couldNotRun
                                    << "Too many connections, error 1040";
        QTest::newRow("blocked") << errorPacket(1129, "Host is blocked") << true << couldNotRun << "error 1129";
        QTest::newRow("goes down") << errorPacket(1053, "Server shutdown in progress") << true << failed
                                   << "error 1053";
    }
    void fakeServers() {
        QFETCH(QByteArray, greeting);
        QFETCH(bool, hangsUp);
        QFETCH(int, verdict);
        QFETCH(QString, says);
        FakeServer server(m_folder.filePath("fake"), greeting, hangsUp);
        MariadbProbeRunner probe(at(m_folder.filePath("fake")));
        for (int again = 0; again < 2; ++again) {
            const ProbeResult result = ask(probe, hangsUp ? Duration(30s) : Duration(50ms));
            QVERIFY2(static_cast<int>(result.verdict) == verdict, result.detail.c_str());
            QVERIFY2(result.detail.find(says.toStdString()) != std::string::npos, result.detail.c_str());
        }
        QTRY_COMPARE_WITH_TIMEOUT(server.connections, 2, guardMs);
    }

    void aProbeMayEndAtAnyMoment() {
        FakeServer server(m_folder.filePath("fake"), {}, false);
        auto probe = std::make_unique<MariadbProbeRunner>(at(m_folder.filePath("fake")));
        bool answered = false;
        probe->run(30s, [&](const ProbeResult&) { answered = true; });
        QTRY_COMPARE_WITH_TIMEOUT(server.connections, 1, guardMs); // in the middle of a call
        probe.reset();
        QTest::qWait(10); // whatever was posted for it meanwhile
        QVERIFY(!answered);
        // In its own answer.
        probe = std::make_unique<MariadbProbeRunner>(at(m_folder.filePath("nothing")));
        probe->run(30s, [&](const ProbeResult&) {
            answered = true;
            probe.reset();
        });
        QTRY_VERIFY_WITH_TIMEOUT(answered && !probe, guardMs);
    }

    void verdicts_data() {
        QTest::addColumn<unsigned>("number");
        QTest::addColumn<QString>("words");
        QTest::addColumn<int>("verdict");
        const auto row = [](const char* name, unsigned number, const char* words, Verdict verdict) {
            QTest::newRow(name) << number << QString(words) << static_cast<int>(verdict);
        };
        row("no server", 2002, "Can't connect to local server through socket '/x' (2)", Verdict::Failed);
        row("nobody listens", 2002, "Can't connect to local server through socket '/x' (111)", Verdict::Failed);
        row("not for us", 2002, "Can't connect to local server through socket '/x' (13)", Verdict::CouldNotRun);
        row("lost", 2013, "Lost connection to server", Verdict::Failed);
        row("access denied", 1698, "Access denied", Verdict::CouldNotRun);
        row("no right", 1142, "INSERT command denied", Verdict::CouldNotRun);
        row("full house", 1040, "Too many connections", Verdict::CouldNotRun);
        row("plugin", 2059, "Authentication plugin 'x' cannot be loaded", Verdict::CouldNotRun);
        row("disk full", 1021, "Disk full", Verdict::Failed);
        row("table full", 1114, "The table is full", Verdict::Failed);
        row("read-only", 1290, "The server is running with the --read-only option", Verdict::Failed);
        row("shuts down", 1053, "Server shutdown in progress", Verdict::Failed);
        row("locked", 1205, "Lock wait timeout exceeded", Verdict::Failed);
        row("unknown", 4999, "", Verdict::Failed);
    }
    void verdicts() {
        QFETCH(unsigned, number);
        QFETCH(QString, words);
        QFETCH(int, verdict);
        QCOMPARE(static_cast<int>(verdictOfMariadbError(number, words.toStdString())), verdict);
    }

    void passwords_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<unsigned>("mode");
        QTest::addColumn<bool>("good");
        QTest::newRow("a line") << QByteArray("pass word\n") << 0600u << true;
        QTest::newRow("without its end") << QByteArray("pass word") << 0400u << true;
        QTest::newRow("the group may read it") << QByteArray("pass word\n") << 0640u << false;
        QTest::newRow("all may read it") << QByteArray("pass word\n") << 0604u << false;
        QTest::newRow("empty") << QByteArray() << 0600u << false;
        QTest::newRow("two lines") << QByteArray("a\nb\n") << 0600u << false;
        QTest::newRow("a zero byte") << QByteArray("a\0b", 3) << 0600u << false;
        QTest::newRow("too long") << QByteArray(5000, 'x') << 0600u << false;
    }
    void passwords() {
        QFETCH(QByteArray, content);
        QFETCH(unsigned, mode);
        QFETCH(bool, good);
        const QString path = m_folder.filePath("password");
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
        file.write(content);
        file.close();
        QCOMPARE(::chmod(path.toUtf8().constData(), mode), 0);
        const Result<std::string> read = readPassword(path.toStdString());
        QCOMPARE(read.ok(), good);
        if (good) QCOMPARE(read.value(), std::string("pass word"));
        const QString link = m_folder.filePath("link");
        QFile::remove(link);
        QVERIFY(QFile::link(path, link));
        QVERIFY(!readPassword(link.toStdString()).ok());
        QVERIFY(!readPassword(m_folder.path().toStdString()).ok());
    }

    void commandLine() {
        model::MariadbSettings settings;
        settings.dataDirectory = "/srv/erp/mysql";
        settings.options = {"skip-name-resolve", "max_connections=20"};
        const std::vector<std::string> plain = mariadbCommand(settings);
        const std::vector<std::string> wanted{"/usr/sbin/mariadbd",
                                              "--no-defaults",
                                              "--datadir=/srv/erp/mysql",
                                              "--socket=/run/mysqld/mysqld.sock",
                                              "--pid-file=/run/mysqld/mysqld.pid",
                                              "--port=3306",
                                              "--bind-address=*",
                                              "--innodb-flush-log-at-trx-commit=1",
                                              "--innodb-doublewrite=ON",
                                              "--sync-binlog=1",
                                              "--skip-name-resolve",
                                              "--max_connections=20"};
        QVERIFY(plain == wanted);
        settings.defaultsFile = "/srv/erp/my.cnf";
        settings.bindAddress = "10.77.0.100";
        const std::vector<std::string> other = mariadbCommand(settings);
        QCOMPARE(other.at(1), std::string("--defaults-file=/srv/erp/my.cnf"));
        QVERIFY(std::find(other.begin(), other.end(), "--max-connect-errors=4294967295") != other.end());
    }

    void progress() {
        QCOMPARE(mariadbProgress("2026-11-23  9:27:42 0 [Note] InnoDB: To recover: 600 pages"),
                 std::string("recovery: InnoDB: To recover: 600 pages"));
        QCOMPARE(mariadbProgress("2026-11-23  9:27:42 0 [Note] /usr/sbin/mariadbd: ready for connections."),
                 std::string("ready for connections."));
        QCOMPARE(mariadbProgress("2026-11-23  9:27:42 0 [Note] InnoDB: 128 rollback segments are active."),
                 std::string());
    }
};

QTEST_GUILESS_MAIN(MariadbProbeTest)
#include "mariadb_probe_test.moc"
