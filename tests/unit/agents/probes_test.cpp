// SPDX-License-Identifier: Apache-2.0
#include "agents/carrier_probe.h"
#include "agents/probe.h"

#include <QDir>
#include <QElapsedTimer>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>
#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <net/if.h>
#include <optional>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agents/captured_command.h"
#include "agents/sql_probe.h"
#include "platform/linux/process_sweep.h"

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

struct Listener {
    platform::FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    std::uint16_t port = 0;
    Listener() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket.get(), generic, size) == 0 && ::listen(socket.get(), 8) == 0 &&
            ::getsockname(socket.get(), generic, &size) == 0)
            port = ntohs(address.sin_port);
    }
};

// Says `words` to whoever connects, and keeps what it was told.
class Talker {
public:
    explicit Talker(const QByteArray& words, bool after = false) {
        QObject::connect(&m_server, &QTcpServer::newConnection, &m_server, [this, words, after] {
            while (QTcpSocket* socket = m_server.nextPendingConnection()) {
                QObject::connect(socket, &QTcpSocket::readyRead, socket, [this, socket, words, after] {
                    heard += socket->readAll();
                    if (after && heard.endsWith("\r\n\r\n")) {
                        socket->write(words);
                        socket->disconnectFromHost();
                    }
                });
                if (!after) socket->write(words);
            }
        });
        if (!m_server.listen(QHostAddress::LocalHost)) qFatal("no port to listen on");
    }
    [[nodiscard]] std::uint16_t port() const { return m_server.serverPort(); }
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port()) + "/health"; }

    QByteArray heard;

private:
    QTcpServer m_server;
};

} // namespace

class ProbesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void tcp() {
        auto listener = std::make_optional<Listener>();
        QVERIFY(listener->port != 0);
        const auto probe = makeProbe(model::TcpProbe{"127.0.0.1", listener->port}, "test/probe");
        QCOMPARE(ask(*probe, 10s).verdict, Verdict::Well);
        listener.reset();
        QCOMPARE(ask(*probe, 10s).verdict, Verdict::Failed);
        const auto name = makeProbe(model::TcpProbe{"localhost", 80}, "test/probe");
        QCOMPARE(ask(*name, 10s).verdict, Verdict::CouldNotRun);
    }

    void script_data() {
        QTest::addColumn<QString>("command");
        QTest::addColumn<int>("verdict");
        QTest::newRow("well") << "exit 0" << static_cast<int>(Verdict::Well);
        QTest::newRow("failed") << "exit 1" << static_cast<int>(Verdict::Failed);
        QTest::newRow("other code") << "exit 2" << static_cast<int>(Verdict::CouldNotRun);
        QTest::newRow("signal") << "kill -9 $$" << static_cast<int>(Verdict::CouldNotRun);
        QTest::newRow("not found") << "/nowhere/check" << static_cast<int>(Verdict::CouldNotRun);
    }
    void script() {
        QFETCH(QString, command);
        QFETCH(int, verdict);
        const auto probe = makeProbe(model::ScriptProbe{{"/bin/sh", "-c", command.toStdString()}}, "test/probe");
        QCOMPARE(static_cast<int>(ask(*probe, 30s).verdict), verdict);
    }

    void scriptThatHangsIsEndedWithItsChildren() {
        const auto probe = makeProbe(model::ScriptProbe{{"/bin/sh", "-c", "sleep 600 & sleep 600"}}, "test/probe");
        QCOMPARE(ask(*probe, 50ms).verdict, Verdict::Failed);
        platform::ProcessTraits traits;
        traits.environmentMark = "DYAD_RESOURCE=test/probe";
        QTRY_COMPARE_WITH_TIMEOUT(platform::findProcesses(traits).value().size(), std::size_t{0}, guardMs);
    }

    void missingScriptCouldNotRun() {
        const auto probe = makeProbe(model::ScriptProbe{{"/nowhere/check"}}, "test/probe");
        QCOMPARE(ask(*probe, 10s).verdict, Verdict::CouldNotRun);
    }

    void ping() {
        if (geteuid() != 0) QSKIP("needs root");
        for (const char* address : {"127.0.0.1", "::1"}) {
            const auto probe = makeProbe(model::PingProbe{address}, "test/probe");
            for (int again = 0; again < 2; ++again) {
                const ProbeResult result = ask(*probe, 10s);
                QVERIFY2(result.verdict == Verdict::Well, result.detail.c_str());
                QCOMPARE(result.detail, std::string(address) + ": answers");
            }
        }
        const auto name = makeProbe(model::PingProbe{"localhost"}, "test/probe");
        QCOMPARE(ask(*name, 10s).verdict, Verdict::CouldNotRun);
    }

    // In a network of the test's own, where nobody answers.
    void pingWhereNobodyAnswers() {
        if (geteuid() != 0) QSKIP("needs root");
        const int before = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
        QCOMPARE(::unshare(CLONE_NEWNET), 0);
        const auto unreachable = makeProbe(model::PingProbe{"127.0.0.1"}, "test/probe"); // its loopback is down
        const ProbeResult noWay = ask(*unreachable, 10s);
        const int any = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ifreq loopback{};
        std::strcpy(&loopback.ifr_name[0], "lo");
        loopback.ifr_flags = IFF_UP;
        const bool up = ::ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
        ::close(any);
        QFile mute("/proc/sys/net/ipv4/icmp_echo_ignore_all");
        const bool muted = mute.open(QIODevice::WriteOnly) && mute.write("1") == 1;
        mute.close();
        const ProbeResult silent = ask(*unreachable, 50ms);
        auto cancelled = makeProbe(model::PingProbe{"127.0.0.1"}, "test/probe");
        cancelled->run(10s, [](const ProbeResult&) { QFAIL("a cancelled probe answers"); });
        cancelled.reset();
        const bool loud = mute.open(QIODevice::WriteOnly) && mute.write("0") == 1;
        mute.close();
        const ProbeResult again = ask(*unreachable, 10s);
        const bool back = ::setns(before, CLONE_NEWNET) == 0;
        ::close(before);
        QVERIFY(back && up && muted && loud);
        QVERIFY2(noWay.verdict == Verdict::Failed, noWay.detail.c_str());
        QVERIFY2(silent.verdict == Verdict::Failed && silent.detail.ends_with("no answer in time"), silent.detail.c_str());
        QVERIFY2(again.verdict == Verdict::Well, again.detail.c_str());
    }

    void carrier() {
        QTemporaryDir kernel;
        const auto write = [&](const char* interface, const char* text) {
            QDir(kernel.path()).mkpath(interface);
            QFile file(kernel.filePath(QString(interface) + "/carrier"));
            if (!file.open(QIODevice::WriteOnly)) qFatal("the test's folder can't be written");
            file.write(text);
        };
        write("eth0", "1\n");
        write("eth1", "0\n");
        write("eth2", ""); // down: the kernel refuses to say
        const auto verdict = [&](const char* interface, const QString& folder) {
            CarrierProbeRunner probe({interface}, folder.toStdString());
            return ask(probe, 10s).verdict;
        };
        QCOMPARE(verdict("eth0", kernel.path()), Verdict::Well);
        QCOMPARE(verdict("eth1", kernel.path()), Verdict::Failed);
        QCOMPARE(verdict("eth2", kernel.path()), Verdict::Failed);
        QCOMPARE(verdict("eth3", kernel.path()), Verdict::Failed);
        QCOMPARE(verdict("eth0", "/nowhere"), Verdict::CouldNotRun);
        const auto real = makeProbe(model::CarrierProbe{"lo"}, "test/probe"); // as the kernel tells it
        QCOMPARE(ask(*real, 10s).verdict, Verdict::Well);
    }

    void http_data() {
        QTest::addColumn<QByteArray>("answer");
        QTest::addColumn<int>("status"); // wanted; 0: any good one
        QTest::addColumn<QString>("body");
        QTest::addColumn<int>("verdict");
        QTest::addColumn<QString>("says");
        const int well = static_cast<int>(Verdict::Well);
        const int failed = static_cast<int>(Verdict::Failed);
        const QByteArray ok = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nall is ok";
        QTest::newRow("well") << ok << 0 << "" << well << "status 200";
        QTest::newRow("with its words") << ok << 200 << "is ok" << well << "status 200";
        QTest::newRow("without its words") << ok << 0 << "is fine" << failed << "\"is fine\" is not in what it sent";
        QTest::newRow("another status") << ok << 204 << "" << failed << "status 200, not 204";
        QTest::newRow("server error") << QByteArray("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") << 0 << ""
                                      << failed << "status 503";
        QTest::newRow("server error that is wanted")
            << QByteArray("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") << 503 << "" << well << "status 503";
        QTest::newRow("redirection is not followed")
            << QByteArray("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") << 302
            << "" << well << "status 302";
        QTest::newRow("large") << "HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nfound" +
                                      QByteArray(10000000 - 5, 'x')
                               << 0 << "found" << well << "status 200";
        QTest::newRow("breaks off") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nall is ok") << 0 << "is ok"
                                    << failed << "broke off";
        QTest::newRow("no HTTP") << QByteArray("hello\r\n\r\n") << 0 << "" << failed << "";
        QTest::newRow("nothing") << QByteArray() << 0 << "" << failed << "";
    }
    void http() {
        QFETCH(QByteArray, answer);
        QFETCH(int, status);
        QFETCH(QString, body);
        QFETCH(int, verdict);
        QFETCH(QString, says);
        Talker server(answer, true);
        model::HttpProbe settings{.url = server.url(), .body = body.toStdString()};
        if (status != 0) settings.status = static_cast<std::uint16_t>(status);
        const auto probe = makeProbe(settings, "test/probe");
        for (int again = 0; again < 2; ++again) {
            const ProbeResult result = ask(*probe, 10s);
            QCOMPARE(static_cast<int>(result.verdict), verdict);
            QVERIFY2(result.detail.find(says.toStdString()) != std::string::npos, result.detail.c_str());
            QVERIFY2(result.detail.starts_with(settings.url + ": "), result.detail.c_str());
        }
        QVERIFY2(server.heard.startsWith("GET /health HTTP/1.1\r\n"), server.heard.constData());
    }

    void httpWhereNobodyAnswers() {
        const auto refused = makeProbe(model::HttpProbe{.url = "http://127.0.0.1:1/"}, "test/probe");
        QCOMPARE(ask(*refused, 10s).verdict, Verdict::Failed);
        Listener listener; // accepts in the kernel, says nothing
        const std::string silent = "http://127.0.0.1:" + std::to_string(listener.port) + "/";
        const auto probe = makeProbe(model::HttpProbe{.url = silent}, "test/probe");
        const ProbeResult late = ask(*probe, 50ms);
        QCOMPARE(late.verdict, Verdict::Failed);
        QCOMPARE(late.detail, silent + ": no answer in time");
        for (int again = 0; again < 12; ++again) // more than go to one server at a time: none of them may hang on
            QCOMPARE(ask(*probe, 10ms).verdict, Verdict::Failed);
        const int accepted = ::accept(listener.socket.get(), nullptr, nullptr); // the first; its client has left
        QVERIFY(accepted >= 0);
        char rest[4096];
        ssize_t got = 0;
        while ((got = ::read(accepted, rest, sizeof rest)) > 0) {
        }
        QCOMPARE(got, ssize_t{0});
        ::close(accepted);
        // Whether a name can be looked up says nothing of the application; some networks only fall silent.
        const auto unknown = makeProbe(model::HttpProbe{.url = "http://no-such-host.invalid/"}, "test/probe");
        const ProbeResult nowhere = ask(*unknown, 50s);
        QVERIFY(nowhere.verdict == Verdict::CouldNotRun || nowhere.detail.ends_with("no answer in time"));
        auto another = makeProbe(model::HttpProbe{.url = silent}, "test/probe");
        bool answered = false;
        another->run(1ms, [&](const ProbeResult&) { answered = true; });
        another.reset();
        QTest::qWait(20);
        QVERIFY(!answered);
    }

    void greetings_data() {
        QTest::addColumn<QByteArray>("greeting");
        QTest::addColumn<int>("verdict");
        QTest::addColumn<QString>("says");
        const int well = static_cast<int>(Verdict::Well);
        const int failed = static_cast<int>(Verdict::Failed);
        QTest::newRow("well") << QByteArray("220 mail.example.org ESMTP\r\n") << well << ": 220 mail.example.org ESMTP";
        QTest::newRow("several lines") << QByteArray("220-welcome\r\n220 to us\r\n") << well << ": 220-welcome";
        QTest::newRow("not now") << QByteArray("421 too many connections\r\n") << failed
                                 << "it said: 421 too many connections";
        QTest::newRow("another protocol") << QByteArray("SSH-2.0-x\r\n") << failed << "it said: SSH-2.0-x";
        QTest::newRow("endless line") << QByteArray(5000, 'x') << failed << "it said: xxxx";
        QTest::newRow("silent") << QByteArray() << failed << "no greeting in time";
    }
    void greetings() {
        QFETCH(QByteArray, greeting);
        QFETCH(int, verdict);
        QFETCH(QString, says);
        Talker server(greeting);
        using Protocol = model::GreetingProbe::Protocol;
        for (const Protocol protocol : {Protocol::Smtp, Protocol::Ftp}) {
            const auto probe = makeProbe(model::GreetingProbe{protocol, "127.0.0.1", server.port()}, "test/probe");
            for (int again = 0; again < 2; ++again) {
                const ProbeResult result = ask(*probe, greeting.isEmpty() ? Duration(50ms) : Duration(10s));
                QCOMPARE(static_cast<int>(result.verdict), verdict);
                QVERIFY2(result.detail.find(says.toStdString()) != std::string::npos, result.detail.c_str());
                QVERIFY(result.detail.starts_with(protocol == Protocol::Smtp ? "SMTP at 127.0.0.1 port " : "FTP at "));
            }
        }
        if (verdict == static_cast<int>(Verdict::Well))
            QTRY_COMPARE_WITH_TIMEOUT(server.heard.count("QUIT\r\n"), 4, guardMs);
        const auto refused = makeProbe(model::GreetingProbe{Protocol::Smtp, "127.0.0.1", 1}, "test/probe");
        QCOMPARE(ask(*refused, 10s).verdict, Verdict::Failed);
    }

    void aProbeMayEndInItsOwnAnswer() {
        Talker web("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", true);
        Talker large("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + QByteArray(200000, 'x'), true);
        Talker mail("220 hello\r\n");
        for (const model::Probe& each :
             {model::Probe(model::HttpProbe{.url = web.url()}), model::Probe(model::HttpProbe{.url = large.url()}),
              model::Probe(model::GreetingProbe{{}, "127.0.0.1", mail.port()}),
              model::Probe(model::GreetingProbe{{}, "127.0.0.1", 1})}) {
            auto probe = makeProbe(each, "test/probe");
            bool answered = false;
            probe->run(10s, [&](const ProbeResult&) {
                answered = true;
                probe.reset();
            });
            QTRY_VERIFY_WITH_TIMEOUT(answered && !probe, guardMs);
            QTest::qWait(1); // whatever was posted for it meanwhile
        }
    }

    void sqlWithoutServer() {
        const auto probe = makeProbe(model::SqlProbe{"host=/nowhere port=5432 user=x dbname=x", ""}, "test/probe");
        QCOMPARE(ask(*probe, 10s).verdict, Verdict::Failed);
        const auto broken = makeProbe(model::SqlProbe{"nonsense = = x", ""}, "test/probe");
        QCOMPARE(ask(*broken, 10s).verdict, Verdict::CouldNotRun);
    }

    void sqlServerThatNeverAnswers() {
        Listener listener; // accepts in the kernel, says nothing
        const auto probe = makeProbe(
            model::SqlProbe{"host=127.0.0.1 user=x dbname=x port=" + std::to_string(listener.port), ""}, "test/probe");
        QCOMPARE(ask(*probe, 50ms).verdict, Verdict::Failed);
        // Destroyed while it runs: the answer must not come.
        auto another = makeProbe(
            model::SqlProbe{"host=127.0.0.1 user=x dbname=x port=" + std::to_string(listener.port), ""}, "test/probe");
        bool answered = false;
        another->run(1ms, [&](const ProbeResult&) { answered = true; });
        another.reset();
        QTest::qWait(20);
        QVERIFY(!answered);
    }

    void sqlStates() {
        QCOMPARE(
            sqlStateOf("connection to server failed: FATAL:  57P03: the database system is starting up\nLOCATION:  x"),
            std::string("57P03"));
        QCOMPARE(sqlStateOf("could not connect to server: Connection refused"), std::string());
        QCOMPARE(verdictOfSqlState("57P03"), Verdict::Failed);
        QCOMPARE(verdictOfSqlState("28000"), Verdict::CouldNotRun);
        QCOMPARE(verdictOfSqlState("42P01"), Verdict::CouldNotRun);
        QCOMPARE(verdictOfSqlState("53300"), Verdict::CouldNotRun);
        QCOMPARE(verdictOfSqlState("58030"), Verdict::Failed); // I/O error
        QCOMPARE(verdictOfSqlState(""), Verdict::Failed);
    }

    void lastLinesAreBoundedAndClean() {
        QCOMPARE(lastLines(""), std::string());
        QCOMPARE(lastLines("a\n\nb\tc\n\n"), std::string("a | b c"));
        QCOMPARE(lastLines("1\n2\n3\n4", 2), std::string("3 | 4"));
    }
};

QTEST_GUILESS_MAIN(ProbesTest)
#include "probes_test.moc"
