// SPDX-License-Identifier: Apache-2.0
// The program itself against a real server: what it writes and what it ends with.
#include "raw_client.h"
#include "running_server.h"

#include "control/protocol/json.h"
#include "control/protocol/object_reader.h"

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace dyad;
using namespace dyad::test;
using model::Role;

namespace {

struct Ended {
    int code = -1;
    QByteArray out;
    QByteArray err;
    [[nodiscard]] QJsonObject lastLine() const {
        const auto object = control::objectFromBytes(out.trimmed().split('\n').last(), "the last line");
        return object.ok() ? object.value() : QJsonObject();
    }
};

} // namespace

class CliProgramTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    Certificate m_otherCertificate;
    QTemporaryDir m_folder;
    FakeService m_alpha;
    FakeService m_beta;
    std::unique_ptr<RunningServer> m_alphaServer;
    std::unique_ptr<RunningServer> m_betaServer;

    QString write(const char* name, const QByteArray& text) {
        QFile file(m_folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size()) qFatal("can't write a test file");
        return file.fileName();
    }

    QStringList access(const char* token = "operate") {
        return {
            "--url",        m_alphaServer->url().toString(), "--url",         m_betaServer->url().toString(),
            "--token-file", write("token", token),           "--certificate", m_certificate.path("certificate.pem")};
    }

    static Ended run(const QStringList& arguments) {
        QProcess program;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("TZ", "UTC");
        environment.insert("LC_ALL", "C.UTF-8");
        program.setProcessEnvironment(environment);
        program.start(DYAD_PROGRAM, arguments);
        // The servers run on this very event loop.
        const bool ended = QTest::qWaitFor([&] { return program.state() == QProcess::NotRunning; }, guardMs);
        if (!ended) {
            program.kill();
            program.waitForFinished();
            return {};
        }
        return {program.exitStatus() == QProcess::NormalExit ? program.exitCode() : -1, program.readAllStandardOutput(),
                program.readAllStandardError()};
    }

    void show(FakeService& service, const char* active, Role own, Role peer) {
        model::GroupView& group = service.shown.groups[0];
        group.activeNode = active;
        group.ownRole = own;
        group.peerRole = peer;
        service.changed();
    }

    // A move as the two nodes tell it, without the work.
    void moveToBeta() {
        m_alpha.onOrder = [this](const model::Order&) {
            show(m_alpha, "alpha", Role::Stopping, Role::Standby);
            m_alpha.write("role_changed", "erp", "an operator asked: the group stops here");
            m_alpha.write("role_changed", "crm", "another group");
            show(m_alpha, "", Role::Standby, Role::Claiming);
            m_beta.write("reservation_won", "erp", "the array reads back our key");
            show(m_beta, "beta", Role::Active, Role::Standby);
            show(m_alpha, "beta", Role::Standby, Role::Active);
        };
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made() && m_otherCertificate.made()); }
    void init() {
        m_alpha = FakeService();
        m_alpha.shown = healthyView();
        m_beta = FakeService();
        m_beta.shown = healthyView();
        m_beta.shown.node = "beta";
        m_beta.shown.nodes[0].self = false;
        m_beta.shown.nodes[1].self = true;
        std::swap(m_beta.shown.groups[0].ownRole, m_beta.shown.groups[0].peerRole);
        m_alphaServer = std::make_unique<RunningServer>(m_alpha, m_certificate);
        m_betaServer = std::make_unique<RunningServer>(m_beta, m_certificate);
        QVERIFY(m_alphaServer->started() && m_betaServer->started());
    }
    void cleanup() {
        m_alphaServer.reset();
        m_betaServer.reset();
    }

    void statusTellsTheStory() {
        const Ended ended = run(QStringList{"status"} + access("view"));
        QCOMPARE(ended.code, 0);
        QVERIFY(ended.out.startsWith("● OK: erp is active on alpha; beta stands by.\n"));
        QVERIFY(!ended.out.contains('\x1b')); // no terminal, no colours
        QVERIFY(ended.err.isEmpty());
    }

    void statusAsJsonIsTheView() {
        const Ended ended = run(QStringList{"status", "--json"} + access("view"));
        QCOMPARE(ended.code, 0);
        QCOMPARE(ended.lastLine(), control::toJson(m_alpha.shown));
    }

    void theOtherNodeAnswersWhereOneIsDead() {
        const QStringList both = access("view");
        m_alphaServer.reset();
        const Ended ended = run(QStringList{"status", "--json"} + both);
        QCOMPARE(ended.code, 0);
        QCOMPARE(ended.lastLine()["node"].toString(), "beta");
    }

    void nobodyThere() {
        const QStringList both = access("view");
        m_alphaServer.reset();
        m_betaServer.reset();
        const Ended ended = run(QStringList{"status"} + both);
        QCOMPARE(ended.code, 3);
        QVERIFY(ended.err.contains("systemctl status dyadd"));
        QVERIFY(ended.out.isEmpty());
    }

    void anImpostorIsNotTrusted() {
        QStringList arguments = QStringList{"status"} + access("view");
        arguments.last() = m_otherCertificate.path("certificate.pem");
        const Ended ended = run(arguments);
        QCOMPARE(ended.code, 3);
        QVERIFY(ended.err.contains("another certificate than the pinned one"));
    }

    void aWrongTokenIsToldWhatToDo() {
        const Ended ended = run(QStringList{"status"} + access("guess"));
        QCOMPARE(ended.code, 1);
        QVERIFY(ended.err.contains("--token-file"));
    }

    void aViewerIsRefusedWithTheRoleItNeeds() {
        const Ended ended = run(QStringList{"switchover", "erp", "--no-wait"} + access("view"));
        QCOMPARE(ended.code, 1);
        QVERIFY(ended.err.contains("Use a token of the role operator"));
        QVERIFY(m_alpha.orders.empty());
    }

    void aSwitchoverIsFollowedToItsEnd() {
        moveToBeta();
        const Ended ended = run(QStringList{"switchover", "erp"} + access());
        QVERIFY2(ended.code == 0, ended.err.constData());
        QCOMPARE(m_alpha.orders.size(), std::size_t{1});
        QVERIFY(m_beta.orders.empty());
        const qsizetype answer = ended.out.indexOf("erp moves from alpha to beta\n");
        const qsizetype stops = ended.out.indexOf("alpha  an operator asked: the group stops here\n");
        const qsizetype won = ended.out.indexOf("beta  the array reads back our key\n");
        const qsizetype active = ended.out.indexOf("erp is active on beta after ");
        QVERIFY2(answer == 0 && stops > answer && won > answer && active > won && active > stops,
                 ended.out.constData());
        QVERIFY(!ended.out.contains("another group"));
    }

    void aSwitchoverAsJson() {
        moveToBeta();
        const Ended ended = run(QStringList{"switchover", "erp", "--json"} + access());
        QCOMPARE(ended.code, 0);
        const QJsonObject object = ended.lastLine();
        QCOMPARE(object["ok"], QJsonValue(true));
        QCOMPARE(object["from"].toString(), "alpha");
        QCOMPARE(object["to"].toString(), "beta");
        QCOMPARE(object["active_node"].toString(), "beta");
        QCOMPARE(object["steps"].toArray().size(), 2);
    }

    void aSwitchoverThatFailsSaysSo() {
        m_alpha.onOrder = [this](const model::Order&) {
            show(m_alpha, "", Role::Stopping, Role::Standby);
            m_alpha.shown.groups[0].why = "database does not stop";
            show(m_alpha, "", Role::Failed, Role::Standby);
        };
        const Ended ended = run(QStringList{"switchover", "erp"} + access());
        QCOMPARE(ended.code, 1);
        QVERIFY(ended.err.contains("erp has failed on alpha: database does not stop"));
    }

    void aRefusedSwitchbackSaysWhy() {
        m_alpha.answer = {false, "erp is on its preferred node already"};
        const Ended ended = run(QStringList{"switchback", "erp"} + access());
        QCOMPARE(ended.code, 1);
        QVERIFY(ended.err.contains("refused: erp is on its preferred node already"));
    }

    void notWaitingOnlyOrders() {
        const Ended ended = run(QStringList{"switchover", "erp", "--no-wait", "--json"} + access());
        QCOMPARE(ended.code, 0);
        QCOMPARE(ended.lastLine()["accepted"], QJsonValue(true));
        QCOMPARE(m_alpha.orders.size(), std::size_t{1});
    }

    void maintenanceAndClearFailure() {
        QCOMPARE(run(QStringList{"maintenance", "beta", "on"} + access()).code, 0);
        QCOMPARE(run(QStringList{"maintenance", "beta", "off"} + access()).code, 0);
        QCOMPARE(run(QStringList{"clear-failure", "erp"} + access()).code, 0);
        QCOMPARE(m_alpha.orders.size(), std::size_t{3});
        QCOMPARE(int(m_alpha.orders[0].kind), int(model::OrderKind::MaintenanceOn));
        QCOMPARE(m_alpha.orders[0].node, std::string("beta"));
        QCOMPARE(int(m_alpha.orders[1].kind), int(model::OrderKind::MaintenanceOff));
        QCOMPARE(int(m_alpha.orders[2].kind), int(model::OrderKind::ClearFailure));
        QCOMPARE(run(QStringList{"maintenance", "gamma", "on"} + access()).code, 1);
        QCOMPARE(run(QStringList{"switchover", "crm"} + access()).code, 1);
    }

    void eventsInPagesAndTheLastOnes() {
        for (int i = 1; i <= 700; ++i)
            m_alpha.write("order", "erp", "entry " + std::to_string(i));
        const Ended all = run(QStringList{"events", "--after", "0", "--json"} + access("view"));
        QCOMPARE(all.code, 0);
        QCOMPARE(all.out.count('\n'), 700);
        const Ended few = run(QStringList{"events", "-n", "3"} + access("view"));
        QCOMPARE(few.out.count('\n'), 3);
        QVERIFY(few.out.contains("erp: entry 698\n") && few.out.endsWith("erp: entry 700\n"));
    }

    void eventsAreFollowed() {
        m_alpha.write("order", "erp", "before");
        QProcess program;
        program.start(DYAD_PROGRAM, QStringList{"events", "--follow", "--json"} + access("view"));
        QByteArray out;
        const auto waitFor = [&](const char* text) {
            return QTest::qWaitFor(
                [&] {
                    out += program.readAllStandardOutput();
                    return out.contains(text);
                },
                guardMs);
        };
        QVERIFY(waitFor("before"));
        m_alpha.write("order", "erp", "while it starts to listen");
        QVERIFY(waitFor("while it starts to listen"));
        QVERIFY(QTest::qWaitFor([&] { return m_alphaServer->server().counters().eventStreams == 1; }, guardMs));
        m_alpha.write("order", "erp", "live");
        QVERIFY(waitFor("live"));
        QCOMPARE(out.count('\n'), 3);
        program.kill();
        QVERIFY(program.waitForFinished());
    }

    void watchAsJson() {
        QProcess program;
        program.start(DYAD_PROGRAM, QStringList{"watch", "--json"} + access("view"));
        QByteArray out;
        const auto waitFor = [&](const char* text) {
            return QTest::qWaitFor(
                [&] {
                    out += program.readAllStandardOutput();
                    return out.contains(text);
                },
                guardMs);
        };
        QVERIFY(waitFor("erp-pair"));
        show(m_alpha, "alpha", Role::Stopping, Role::Standby);
        QVERIFY(waitFor("\"own_role\":\"stopping\""));
        program.kill();
        QVERIFY(program.waitForFinished());
    }

    void watchNeedsATerminal() {
        const Ended ended = run(QStringList{"watch"} + access("view"));
        QCOMPARE(ended.code, 2);
        QVERIFY(ended.err.contains("dyad status"));
    }

    // On a terminal of its own: draws, follows, and gives the screen back.
    void watchOnATerminal() {
        const QString command =
            "stty rows 50 cols 132; exec " DYAD_PROGRAM " watch " + access("view").join(QLatin1Char(' '));
        QProcess terminal;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("LC_ALL", "C.UTF-8");
        environment.insert("TERM", "xterm");
        environment.remove("NO_COLOR");
        terminal.setProcessEnvironment(environment);
        terminal.start("script", {"-qec", command, "/dev/null"});
        QByteArray out;
        const auto waitFor = [&](const char* text) {
            return QTest::qWaitFor(
                [&] {
                    out += terminal.readAllStandardOutput();
                    return out.contains(text);
                },
                guardMs);
        };
        QVERIFY(waitFor("beta stands by"));
        QVERIFY(out.contains("\x1b[?1049h"));
        QVERIFY(out.contains("\x1b[32m")); // colours here
        m_alpha.write("order", "erp", "something happens");
        QVERIFY(waitFor("something happens"));
        m_alphaServer.reset();
        m_betaServer.reset();
        QVERIFY(waitFor("NO ANSWER"));
        terminal.write("q");
        QVERIFY(QTest::qWaitFor([&] { return terminal.state() == QProcess::NotRunning; }, guardMs));
        out += terminal.readAllStandardOutput();
        QCOMPARE(terminal.exitCode(), 0);
        QVERIFY(out.contains("\x1b[?1049l"));
    }

    void usage_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::newRow("nothing") << QStringList{};
        QTest::newRow("unknown command") << QStringList{"restart"};
        QTest::newRow("no group") << QStringList{"switchover"};
        QTest::newRow("neither on nor off") << QStringList{"maintenance", "beta", "maybe"};
        QTest::newRow("unknown option") << QStringList{"status", "--loud"};
        QTest::newRow("no number") << QStringList{"events", "--after", "yesterday"};
        QTest::newRow("no URL") << QStringList{"status", "--url", "10.77.1.1"};
        QTest::newRow("plain HTTP") << QStringList{"status", "--url", "http://10.77.1.1:7410"};
    }
    void usage() {
        QFETCH(QStringList, arguments);
        const Ended ended = run(arguments);
        QCOMPARE(ended.code, 2);
        QVERIFY(!ended.err.isEmpty());
    }

    void helpAndVersion() {
        const Ended help = run({"--help"});
        QCOMPARE(help.code, 0);
        QVERIFY(help.out.contains("4  the configuration is not valid"));
        const Ended version = run({"version"});
        QCOMPARE(version.code, 0);
        QVERIFY(version.out.startsWith("dyad "));
        QCOMPARE(run({"version", "--json"}).lastLine().keys(), QStringList{"version"});
    }

    void aMissingTokenFileIsNamed() {
        QStringList arguments = QStringList{"status"} + access("view");
        arguments[arguments.indexOf("--token-file") + 1] = m_folder.filePath("none");
        const Ended ended = run(arguments);
        QCOMPARE(ended.code, 1);
        QVERIFY(ended.err.contains("--token-file"));
    }

    void configurationsAreChecked() {
        const QString bad = write("bad.toml", "[cluster]\nnmae = \"x\"\n");
        const Ended ended = run({"config", "check", bad});
        QCOMPARE(ended.code, 4);
        QVERIFY(ended.out.contains("bad.toml:2"));
        QVERIFY(ended.out.contains("nmae"));
        const Ended json = run({"config", "check", "--json", bad});
        QCOMPARE(json.code, 4);
        QCOMPARE(json.lastLine()["ok"], QJsonValue(false));
        QVERIFY(!json.lastLine()["problems"].toArray().isEmpty());
        QCOMPARE(run({"config", "check", m_folder.filePath("none.toml")}).code, 4);
    }

    // The addresses come from the configuration; a node that is named goes first.
    void theServiceIsFoundByTheConfiguration() {
        const QString file =
            write("dyad.toml",
                  QByteArray("[cluster]\nname = \"erp-pair\"\n"
                             "[[node]]\nname = \"alpha\"\nlinks = { public = \"127.0.0.3\", private = \"127.0.0.1\" }\n"
                             "[[node]]\nname = \"beta\"\nlinks = { public = \"127.0.0.4\", private = \"127.0.0.2\" }\n"
                             "[control]\nport = ") +
                      QByteArray::number(m_alphaServer->port()) +
                      "\n[[group]]\nname = \"erp\"\n[[group.resource]]\nname = \"job\"\ntype = \"process\"\ncommand = "
                      "[\"/bin/true\"]\n");
        const Ended check = run({"config", "check", file});
        QVERIFY2(check.code == 0, check.out.constData());
        const QStringList rest{"--config",      file,
                               "--token-file",  write("token", "view"),
                               "--certificate", m_certificate.path("certificate.pem")};
        QCOMPARE(run(QStringList{"status", "--node", "alpha"} + rest).code, 0);
        const Ended other = run(QStringList{"status", "--node", "beta"} + rest); // nobody is at beta's addresses
        QCOMPARE(other.code, 0);
        QVERIFY(other.err.contains("the service on beta doesn't answer; this is what alpha sees"));
        const Ended nobody = run(QStringList{"status", "--node", "gamma"} + rest);
        QCOMPARE(nobody.code, 2);
        QVERIFY(nobody.err.contains("Its nodes are alpha and beta"));
        QCOMPARE(run(QStringList{"status", "--config", write("bad.toml", "x")} + rest.mid(2)).code, 4);
    }
};

QTEST_GUILESS_MAIN(CliProgramTest)
#include "cli_program_test.moc"
