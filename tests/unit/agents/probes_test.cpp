// SPDX-License-Identifier: Apache-2.0
#include "agents/probe.h"

#include <QElapsedTimer>
#include <QTest>
#include <arpa/inet.h>
#include <optional>
#include <sys/socket.h>

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
