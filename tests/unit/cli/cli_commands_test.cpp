// SPDX-License-Identifier: Apache-2.0
// The smaller commands, previews and questions, completion, manual pages; and the keys of all JSON, which programs rely on.
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

namespace {

struct Ended {
    int code = -1;
    QByteArray out;
    QByteArray err;
    [[nodiscard]] QJsonObject json() const {
        const auto object = control::objectFromBytes(out.trimmed().split('\n').last(), "the last line");
        return object.ok() ? object.value() : QJsonObject();
    }
};

// "alarms[].id", "alarms[].node", …: every path of a value, of lists the first element's.
void pathsOf(const QJsonValue& value, const QString& at, QStringList& paths) {
    if (value.isObject()) {
        const QJsonObject object = value.toObject();
        for (auto each = object.begin(); each != object.end(); ++each)
            pathsOf(each.value(), at.isEmpty() ? each.key() : at + "." + each.key(), paths);
    } else if (value.isArray() && !value.toArray().isEmpty()) {
        pathsOf(value.toArray().first(), at + "[]", paths);
    } else {
        paths.append(at);
    }
}

} // namespace

class CliCommandsTest : public QObject {
    Q_OBJECT

    Certificate m_certificate;
    QTemporaryDir m_folder;
    FakeService m_service;
    std::unique_ptr<RunningServer> m_server;

    QString write(const char* name, const QByteArray& text) {
        QFile file(m_folder.filePath(name));
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size()) qFatal("can't write a test file");
        return file.fileName();
    }
    QStringList access(const char* token = "operate") {
        return {"--url",         m_server->url().toString(), "--token-file", write("token", token),
                "--certificate", m_certificate.path("certificate.pem")};
    }
    static Ended run(const QStringList& arguments, const QString& program = DYAD_PROGRAM,
                     const QByteArray& typed = {}) {
        QProcess process;
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("TZ", "UTC");
        environment.insert("LC_ALL", "C.UTF-8");
        process.setProcessEnvironment(environment);
        process.start(program, arguments);
        if (!typed.isEmpty()) process.write(typed);
        process.closeWriteChannel();
        const bool ended = QTest::qWaitFor([&] { return process.state() == QProcess::NotRunning; }, guardMs);
        if (!ended) {
            process.kill();
            process.waitForFinished();
            return {};
        }
        return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1, process.readAllStandardOutput(),
                process.readAllStandardError()};
    }
    // At a terminal of its own (script(1) makes one), with `typed` at the keyboard.
    Ended atTerminal(const QStringList& arguments, const QByteArray& typed) {
        QString line = DYAD_PROGRAM;
        for (const QString& word : arguments)
            line += " '" + word + "'";
        return run({"-qec", line, "/dev/null"}, "script", typed);
    }

private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made()); }
    void init() {
        m_service = FakeService();
        m_service.shown = healthyView();
        m_service.clients = 7;
        m_service.predicted = {{"stop database", 400ms, 3}, {"start database", 1100ms, 1}};
        m_server = std::make_unique<RunningServer>(m_service, m_certificate);
        QVERIFY(m_server->started());
    }
    void cleanup() { m_server.reset(); }

    // --- preview and question ---------------------------------------------------------------------------------------

    void aDryRunTellsAndChangesNothing_data() {
        QTest::addColumn<QStringList>("words");
        QTest::newRow("switchover") << QStringList{"switchover", "erp"};
        QTest::newRow("switchback") << QStringList{"switchback", "erp"};
        QTest::newRow("clear-failure") << QStringList{"clear-failure", "erp"};
        QTest::newRow("maintenance") << QStringList{"maintenance", "alpha", "on"};
        for (const char* order : {"freeze", "unfreeze", "disable", "enable", "start-alone"})
            QTest::newRow(order) << QStringList{order, "erp"};
        QTest::newRow("restart") << QStringList{"restart", "erp", "database"};
        QTest::newRow("release-claim") << QStringList{"release-claim", "erp", "--key", "5d2b1000a3000301"};
    }
    void aDryRunTellsAndChangesNothing() {
        QFETCH(QStringList, words);
        const Ended ended = run(words + QStringList{"--dry-run"} + access("administer"));
        QCOMPARE(ended.code, 0);
        QVERIFY(ended.out.contains("What will happen: "));
        QVERIFY(ended.out.contains("Nothing was changed."));
        QVERIFY(m_service.orders.empty());
        const Ended json = run(words + QStringList{"--dry-run", "--json"} + access("administer"));
        QCOMPARE(json.json()["dry_run"].toBool(), true);
        QCOMPARE(json.json()["allowed"].toBool(), true);
        QVERIFY(m_service.orders.empty());
    }

    void aDryRunSaysCostAndObstacle() {
        m_service.answer = {.accepted = false, .text = "beta is in maintenance"};
        const Ended ended = run(QStringList{"switchover", "erp", "--dry-run"} + access());
        QCOMPARE(ended.code, 1);
        QVERIFY(ended.out.contains("In its way: beta is in maintenance."));
        QVERIFY(ended.out.contains("Clients connected now: 7"));
        QVERIFY(ended.out.contains("as it did before: 1.50 s"));
        QVERIFY(ended.out.contains("stop database   0.40 s  of 3 times"));
    }

    void aScriptIsNotAsked() {
        QCOMPARE(run(QStringList{"switchover", "erp", "--no-wait"} + access()).code, 0);
        QCOMPARE(m_service.orders.size(), std::size_t{1});
    }

    void whatMustBeConfirmedInWriting() {
        const Ended bare = run(QStringList{"start-alone", "erp"} + access());
        QCOMPARE(bare.code, 2);
        QVERIFY(bare.err.contains("--confirm 'start erp alone'"));
        QCOMPARE(run(QStringList{"start-alone", "erp", "--yes"} + access()).code, 2); // yes is not enough
        QCOMPARE(run(QStringList{"start-alone", "erp", "--confirm", "start crm alone"} + access()).code, 2);
        QVERIFY(m_service.orders.empty());
        QCOMPARE(run(QStringList{"start-alone", "erp", "--confirm", "start erp alone"} + access()).code, 0);
        QCOMPARE(int(m_service.orders.at(0).kind), int(model::OrderKind::StartAlone));
        const Ended wrote = atTerminal(QStringList{"start-alone", "erp"} + access(), "start erp alone\n");
        QCOMPARE(wrote.code, 0);
        QCOMPARE(m_service.orders.size(), std::size_t{2});
        QCOMPARE(atTerminal(QStringList{"start-alone", "erp"} + access(), "yes\n").code, 6);
        QCOMPARE(m_service.orders.size(), std::size_t{2});
    }

    void aPersonIsAsked_data() {
        QTest::addColumn<QByteArray>("typed");
        QTest::addColumn<QStringList>("more");
        QTest::addColumn<int>("code");
        QTest::addColumn<int>("orders");
        QTest::newRow("yes") << QByteArray("y\n") << QStringList() << 0 << 1;
        QTest::newRow("no") << QByteArray("n\n") << QStringList() << 6 << 0;
        QTest::newRow("only enter") << QByteArray("\n") << QStringList() << 6 << 0;
        QTest::newRow("said before") << QByteArray("n\n") << QStringList{"--yes"} << 0 << 1;
    }
    void aPersonIsAsked() {
        QFETCH(QByteArray, typed);
        QFETCH(QStringList, more);
        QFETCH(int, code);
        QFETCH(int, orders);
        const Ended ended = atTerminal(QStringList{"switchover", "erp", "--no-wait"} + more + access(), typed);
        QCOMPARE(ended.code, code);
        QCOMPARE(int(m_service.orders.size()), orders);
        QCOMPARE(ended.out.contains("Shall it be done?"), more.isEmpty());
        if (more.isEmpty()) QVERIFY(ended.out.contains("What will happen: "));
    }

    // --- small ones -------------------------------------------------------------------------------------------------

    void theSecondOperatorReadsAboutTheFirst() {
        QCOMPARE(run(QStringList{"switchover", "erp", "--no-wait"} + access()).code, 0);
        m_service.shown.groups[0].ownRole = model::Role::Stopping;
        const Ended second = run(QStringList{"switchback", "erp", "--no-wait"} + access("administer"));
        QCOMPARE(second.code, 1);
        QVERIFY(second.err.contains("refused: switchover of erp, ordered by otto from 127.0.0.1 at"));
    }

    void alarmsAreListedAndAcknowledged() {
        QCOMPARE(run(QStringList{"alarms"} + access()).out, QByteArray("no alarms\n"));
        m_service.shown = splitView();
        const Ended list = run(QStringList{"alarms"} + access());
        QVERIFY(list.out.contains("peer.lost  on alpha, since 2026-11-22 16:39:21"));
        QVERIFY(list.out.contains("Look at beta's power and cables"));
        QCOMPARE(run(QStringList{"alarms", "ack", "peer.lost", "--dry-run"} + access()).code, 0);
        QVERIFY(m_service.shown.alarms[0].acknowledgedBy.empty());
        QCOMPARE(run(QStringList{"alarms", "ack", "peer.lost"} + access("view")).code, 1);
        QCOMPARE(run(QStringList{"alarms", "ack", "peer.lost"} + access()).code, 0);
        QVERIFY(run(QStringList{"alarms"} + access()).out.contains("acknowledged by otto at"));
        const Ended none = run(QStringList{"alarms", "ack", "peer.found"} + access());
        QCOMPARE(none.code, 1);
        QVERIFY(none.err.contains("no alarm \"peer.found\" stands"));
    }

    void keysTellTheirStory() {
        m_service.shown = splitView();
        const Ended ended = run(QStringList{"keys"} + access("view"));
        QCOMPARE(ended.code, 0);
        QVERIFY(ended.out.startsWith("array of group erp: held by alpha, generation 7"));
        QVERIFY(ended.out.contains("0x5d2a1000a3000301  alpha  boot 000a3, the present one  epoch 3  login 1  holds"));
        QVERIFY(ended.out.contains("beta   boot 000a3, an earlier one   epoch 4  login 1  challenger, or left behind"));
    }

    void metricsAndGroups() {
        const Ended metrics = run(QStringList{"metrics"} + access("view"));
        QVERIFY(metrics.out.contains("dyad_group_active{group=\"erp\"} 1\n"));
        const Ended samples = run(QStringList{"metrics", "--json"} + access("view"));
        QVERIFY(samples.json()["samples"].toArray().size() > 20);
        const Ended groups = run(QStringList{"groups"} + access("view"));
        QVERIFY(groups.out.contains("erp  active on alpha  prefers alpha"));
    }

    void tokensComeAndGo() {
        const QString file = m_folder.filePath("tokens");
        QFile::remove(file);
        const Ended dry = run({"token", "add", "--dry-run", "vera", "viewer", "--tokens", file});
        QCOMPARE(dry.code, 0);
        QVERIFY(!QFile::exists(file));
        const Ended added = run({"token", "add", "vera", "viewer", "--tokens", file});
        QCOMPARE(added.code, 0);
        const QByteArray token = added.out.trimmed();
        QCOMPARE(token.size(), qsizetype{64});
        const auto table = control::loadTokens(file.toStdString());
        QVERIFY(table.ok() && table.value().find(token)->name == "vera");
        QVERIFY(added.err.contains("dyad token add vera viewer --hash"));
        const Ended again = run({"token", "add", "vera", "admin", "--tokens", file});
        QCOMPARE(again.code, 1);
        const Ended list = run({"token", "list", "--tokens", file});
        QVERIFY(list.out.startsWith("vera  viewer  "));
        QCOMPARE(run({"token", "revoke", "--dry-run", "vera", "--tokens", file}).code, 0);
        QVERIFY(control::loadTokens(file.toStdString()).value().size() == 1);
        QCOMPARE(run({"token", "revoke", "vera", "--tokens", file}).code, 0);
        QVERIFY(control::loadTokens(file.toStdString()).value().size() == 0);
        QCOMPARE(run({"token", "revoke", "vera", "--tokens", file}).code, 1);
        QCOMPARE(run({"token", "add", "vera", "king", "--tokens", file}).code, 2);
        QCOMPARE(run({"token", "add", "two words", "viewer", "--tokens", file}).code, 1);
        QCOMPARE(run({"token", "add", "vera", "viewer", "--hash", "12", "--tokens", file}).code, 1);
    }

    // --- made from the tree -----------------------------------------------------------------------------------------

    void bashCompletes_data() {
        QTest::addColumn<QString>("words"); // the last one is being typed
        QTest::addColumn<QString>("expected");
        QTest::newRow("command") << "dyad switcho" << "switchover";
        QTest::newRow("subcommand") << "dyad config che" << "check";
        QTest::newRow("sub of alarms") << "dyad alarms a" << "ack";
        QTest::newRow("option") << "dyad switchover erp --dry" << "--dry-run";
        QTest::newRow("common option") << "dyad status --jso" << "--json";
        QTest::newRow("choice") << "dyad completion z" << "zsh";
        QTest::newRow("role") << "dyad token add vera op" << "operator";
    }
    void bashCompletes() {
        QFETCH(QString, words);
        QFETCH(QString, expected);
        const QString script = write("completion.bash", run({"completion", "bash"}).out);
        const QString test = QString("set -u; source %1; COMP_WORDS=(%2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dyad; "
                                     "echo \"${COMPREPLY[*]}\"")
                                 .arg(script, words);
        const Ended ended = run({"-c", test}, "bash");
        QCOMPARE(ended.out.trimmed(), expected.toUtf8());
        QCOMPARE(ended.err, QByteArray());
    }

    void namesAreAskedOfTheService() {
        QCOMPARE(run(QStringList{"complete-names", "groups", "nodes"} + access()).out, QByteArray("alpha beta erp\n"));
        m_server.reset();
        const Ended nobody = run(QStringList{"complete-names", "groups", "--url", "https://127.0.0.1:1", "--token-file",
                                             write("token", "x"), "--certificate",
                                             m_certificate.path("certificate.pem")});
        QCOMPARE(nobody.out.trimmed(), QByteArray());
        QCOMPARE(nobody.err, QByteArray());
    }

    void everyShellHasEveryCommand() {
        const QByteArray help = run({"--help"}).out;
        for (const char* shell : {"bash", "zsh", "fish"}) {
            const Ended script = run({"completion", shell});
            QCOMPARE(script.code, 0);
            for (const char* word : {"switchover", "clear-failure", "alarms", "token", "--dry-run", "completion"})
                QVERIFY2(script.out.contains(QByteArray(word).replace("--", QByteArray(shell) == "fish" ? "" : "--")),
                         word);
            QVERIFY(!script.out.contains("complete-names'")); // not offered itself
        }
        QVERIFY(!help.contains("complete-names"));
        QCOMPARE(run({"completion", "tcsh"}).code, 2);
    }

    void everyCommandHasAManualPage() {
        QTemporaryDir pages;
        QCOMPARE(run({"man", "--write", pages.path()}).code, 0);
        const QStringList files = QDir(pages.path()).entryList(QDir::Files);
        for (const char* file : {"dyad.1", "dyad-status.1", "dyad-switchover.1", "dyad-config-check.1", "dyad-token-add.1"})
            QVERIFY2(files.contains(file), file);
        QVERIFY(!files.contains("dyad-complete-names.1"));
        for (const QString& file : files) { // groff finds nothing to complain about
            const Ended groff = run({"-man", "-Tutf8", "-ww", "-z", pages.filePath(file)}, "groff");
            QVERIFY2(groff.code == 0 && groff.err.isEmpty(), groff.err.constData());
        }
        const Ended page = run({"man", "switchover"});
        QVERIFY(page.out.contains(".SH EXIT STATUS") && page.out.contains("not confirmed: nothing was changed"));
        QVERIFY(page.out.contains("\\fB\\-\\-dry\\-run\\fR"));
        QCOMPARE(run({"man", "nonsense"}).code, 2);
    }

    // --- what programs rely on --------------------------------------------------------------------------------------

    // A key that goes away, or changes its place, breaks somebody's script: a new one is a further line of the golden
    // file, a changed one needs a line in CHANGELOG.
    void theKeysOfJsonAreStable() {
        m_service.shown = splitView();
        m_service.write("order", "erp", "entry");
        const QString tokens = m_folder.filePath("golden-tokens");
        QFile::remove(tokens);
        const std::vector<std::pair<QString, QStringList>> commands{
            {"status", QStringList{"status"} + access()},
            {"groups", QStringList{"groups"} + access()},
            {"alarms", QStringList{"alarms"} + access()},
            {"alarms ack", QStringList{"alarms", "ack", "peer.lost"} + access()},
            {"keys", QStringList{"keys"} + access()},
            {"events", QStringList{"events"} + access()},
            {"switchover --dry-run", QStringList{"switchover", "erp", "--dry-run"} + access()},
            {"clear-failure", QStringList{"clear-failure", "erp"} + access()},
            {"error", QStringList{"clear-failure", "crm"} + access()},
            {"token add", {"token", "add", "vera", "viewer", "--tokens", tokens}},
            {"token list", {"token", "list", "--tokens", tokens}},
            {"token revoke", {"token", "revoke", "vera", "--tokens", tokens}},
            {"version", {"version"}},
        };
        QStringList found;
        for (const auto& [name, words] : commands) {
            QStringList paths;
            pathsOf(run(words + QStringList{"--json"}).json(), {}, paths);
            QVERIFY2(!paths.isEmpty(), qPrintable(name));
            paths.sort();
            for (const QString& path : paths)
                found.append(name + ": " + path);
        }
        QFile golden(DYAD_GOLDEN "/json_keys.txt");
        const QByteArray text = found.join('\n').toUtf8() + '\n';
        if (qEnvironmentVariableIsSet("DYAD_WRITE_GOLDEN")) {
            QVERIFY(golden.open(QIODevice::WriteOnly));
            golden.write(text);
            return;
        }
        QVERIFY(golden.open(QIODevice::ReadOnly));
        QCOMPARE(text, golden.readAll());
    }
};

QTEST_GUILESS_MAIN(CliCommandsTest)
#include "cli_commands_test.moc"
