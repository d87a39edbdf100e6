// SPDX-License-Identifier: Apache-2.0
// Each command of `dyad` through the real programs, on a real pair; and each order that can't be carried out, with what
// it says.
#include "pair_fixture.h"
#include "told.h"

#include "lab/abuse/abusers.h"
#include "lab/paths.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <thread>

using namespace dyad;
using namespace dyad::lab;

namespace {

QJsonObject nodeIn(const QJsonObject& state, const char* name) {
    for (const QJsonValue& node : state["nodes"].toArray())
        if (node.toObject()["name"].toString() == name) return node.toObject();
    return {};
}

// The node hears its peer on every link: nothing of what an earlier test did to the network stands any more.
bool hearsItsPeer(const char* node) {
    const QJsonObject view = askJson(node, {"status"}).json();
    for (const QJsonValue& alarm : view["alarms"].toArray()) {
        const QString id = alarm.toObject()["id"].toString();
        if (id.startsWith("link.") || id.startsWith("peer.")) return false;
    }
    return !view.isEmpty();
}

// `dyad` on a host, in a terminal of 40 rows: what it has drawn so far, and keys typed into it.
class LiveScreen {
public:
    LiveScreen(const std::string& host, std::vector<std::string> words) {
        words.insert(words.begin(), programPath("dyad"));
        const auto command = insideHost(host, words);
        if (!command) return;
        std::vector<char*> arguments;
        for (const std::string& word : command.value())
            arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        const winsize size{.ws_row = 40, .ws_col = 120, .ws_xpixel = 0, .ws_ypixel = 0};
        m_child = ::forkpty(&m_terminal, nullptr, nullptr, &size);
        if (m_child != 0) return;
        ::setenv("TERM", "xterm", 1);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    LiveScreen(const LiveScreen&) = delete;
    LiveScreen& operator=(const LiveScreen&) = delete;
    ~LiveScreen() {
        if (m_child > 0) {
            ::kill(m_child, SIGKILL);
            ::waitpid(m_child, nullptr, 0);
        }
        if (m_terminal >= 0) ::close(m_terminal);
    }

    // Reads until it has drawn these words since the last time that it was asked.
    bool shows(const char* words) {
        return eventually([&] {
            read();
            const qsizetype at = m_drawn.indexOf(words, m_seen);
            if (at >= 0) m_seen = at;
            return at >= 0;
        });
    }
    void type(char key) const { QCOMPARE(::write(m_terminal, &key, 1), 1); }
    // What it has ended with; -1 where it hasn't.
    int ended() {
        int status = -1;
        const bool gone = eventually([&] {
            read();
            return ::waitpid(m_child, &status, WNOHANG) == m_child;
        });
        if (gone) m_child = 0;
        return gone && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    [[nodiscard]] const QByteArray& drawn() const { return m_drawn; }

private:
    void read() {
        char block[4096];
        for (pollfd waiting{m_terminal, POLLIN, 0}; ::poll(&waiting, 1, 0) == 1;) {
            const ssize_t got = ::read(m_terminal, block, sizeof block);
            if (got <= 0) return; // it has ended
            m_drawn.append(block, got);
        }
    }

    pid_t m_child = 0;
    int m_terminal = -1;
    QByteArray m_drawn;
    qsizetype m_seen = 0;
};

} // namespace

class CommandsTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        VERIFY_WELL(m_pair.recover());
        QVERIFY(ownerByAddress() == "alpha");
        QVERIFY(eventually([] { return hearsItsPeer("alpha") && hearsItsPeer("beta"); }));
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    // --- questions --------------------------------------------------------------------------------------------------

    void questionsAreAnsweredOnBothHosts_data() {
        QTest::addColumn<QString>("words");
        QTest::addColumn<QString>("says");
        QTest::newRow("status") << "status"
                                << "erp is active on alpha";
        QTest::newRow("groups") << "groups"
                                << "active on alpha";
        QTest::newRow("alarms") << "alarms"
                                << "";
        QTest::newRow("keys") << "keys"
                              << "holds the reservation";
        QTest::newRow("metrics") << "metrics"
                                 << "dyad_link_alive{link=\"private\"} 1";
        QTest::newRow("events") << "events --last 5"
                                << ":";
        QTest::newRow("version") << "version"
                                 << "dyad ";
        QTest::newRow("config check") << "config check"
                                      << "";
        QTest::newRow("completion") << "completion bash"
                                    << "_dyad";
        QTest::newRow("names") << "complete-names groups nodes"
                               << "alpha beta erp";
        QTest::newRow("man") << "man switchover"
                             << ".SH SYNOPSIS";
        QTest::newRow("token list") << "token list"
                                    << "operator  admin";
        QTest::newRow("replay") << "replay"
                                << "same actions";
        QTest::newRow("help") << "--help"
                              << "switchover";
    }
    void questionsAreAnsweredOnBothHosts() {
        QFETCH(QString, words);
        QFETCH(QString, says);
        std::vector<std::string> list;
        for (const QString& word : words.split(' '))
            list.push_back(word.toStdString());
        for (const char* host : hostNames) {
            // The standby reads the keys every few seconds and says how old its reading is: it may be of before the
            // claim.
            Told told = ask(host, list);
            const Instant guard = monotonicNow() + deadlockGuard;
            while (words == "keys" && !told.text.contains(says.toUtf8()) && monotonicNow() < guard)
                told = ask(host, list);
            QVERIFY2(told.status == 0, told.text.constData());
            QVERIFY2(told.text.contains(says.toUtf8()), told.text.constData());
            if (words == "--help" || words.startsWith("completion") || words.startsWith("man")) continue;
            const Told json = askJson(host, list);
            QVERIFY2(json.status == 0 && !json.json().isEmpty(), json.text.constData());
        }
    }

    // The full screen follows what happens, also when the node that it asks ends meanwhile, and gives the terminal back.
    void watchIsLive() {
        const QByteArray title("\x1b[?1049");
        LiveScreen screen("beta", {"watch"});
        QVERIFY2(screen.shows("erp is active on alpha"), screen.drawn().constData());
        QVERIFY(screen.drawn().contains(title + 'h'));
        QCOMPARE(ask("alpha", {"switchover", groupName, "--yes", "--no-wait"}).status, 0);
        QVERIFY2(screen.shows("erp is active on beta"), screen.drawn().constData());
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY2(screen.shows("alpha is lost (silent on every link)"), screen.drawn().constData());
        screen.type('q');
        QCOMPARE(screen.ended(), 0);
        QVERIFY(screen.drawn().contains(title + 'l'));
        // Without a terminal it says what to do instead.
        const Told told = ask("beta", {"watch"});
        QVERIFY2(told.status == 2 && told.says("`dyad watch --json`"), told.text.constData());
    }

    // --- orders to either node --------------------------------------------------------------------------------------

    void aDryRunCountsClientsAndChangesNothing() {
        for (const char* host : hostNames) { // beta asks alpha, which has the clients
            const Told told = askJson(host, {"switchover", groupName, "--dry-run"});
            QVERIFY2(told.status == 0, told.text.constData());
            QCOMPARE(told.json()["node"].toString(), "alpha");
            QVERIFY(told.json()["clients"].toInt() >= 1);
            QVERIFY(told.json()["allowed"].toBool());
        }
        QVERIFY(ownerByAddress() == "alpha");
    }

    void aSwitchoverFromTheStandbyIsCarriedOutByTheOwner() {
        const Instant at = monotonicNow();
        const Told told = askJson("beta", {"switchover", groupName});
        QVERIFY2(told.status == 0, told.text.constData());
        QCOMPARE(told.json()["answer"].toObject()["node"].toString(), "alpha");
        QVERIFY(waitForOwner("beta", deadlockGuard));
        const auto line = findLine("alpha", at, "order", groupName);
        QVERIFY(line && line->text.find("ordered by operator: accepted") != std::string::npos);
        const Told back = askJson("alpha", {"switchback", groupName});
        QVERIFY2(back.status == 0, back.text.constData());
        QCOMPARE(back.json()["active_node"].toString(), "alpha");
        VERIFY_WELL(m_pair.rowsHold());
    }

    void maintenanceOfEitherNodeFromEitherNode() {
        for (const char* at : hostNames) {
            for (const char* node : hostNames) {
                const Told on = askJson(at, {"maintenance", node, "on"});
                QVERIFY2(on.status == 0, on.text.constData());
                QCOMPARE(on.json()["node"].toString(), QString(node));
                QVERIFY(
                    eventually([&] { return nodeIn(askJson(at, {"status"}).json(), node)["maintenance"].toBool(); }));
                QCOMPARE(ask(at, {"maintenance", node, "off"}).status, 0);
            }
        }
        QVERIFY(
            eventually([] { return !nodeIn(askJson("alpha", {"status"}).json(), "beta")["maintenance"].toBool(); }));
    }

    void ordersGoOverAnyLinkThatLives() {
        VERIFY_WELL(pullCable("beta", privateLink));
        const Told on = askJson("alpha", {"maintenance", "beta", "on"});
        QVERIFY2(on.status == 0, on.text.constData());
        QCOMPARE(on.json()["node"].toString(), "beta");
        QCOMPARE(ask("alpha", {"maintenance", "beta", "off"}).status, 0);
        // The command line, too, finds a node by its other links.
        QCOMPARE(ask("alpha", {"status", "--node", "beta"}).status, 0);
    }

    void alarmsAreAcknowledgedFromEitherNode() {
        const std::string id = "link.lost:private";
        const auto stands = [&](const char* node) {
            for (const QJsonValue& alarm : askJson(node, {"status"}).json()["alarms"].toArray())
                if (alarm.toObject()["id"].toString().toStdString() == id) return true;
            return false;
        };
        VERIFY_WELL(pullCable("beta", privateLink));
        QVERIFY(eventually([&] { return stands("alpha") && stands("beta"); }));
        QCOMPARE(ask("beta", {"alarms", "ack", id}).status, 0);
        for (const QJsonValue& alarm : askJson("alpha", {"alarms"}).json()["alarms"].toArray())
            if (alarm.toObject()["id"].toString().toStdString() == id)
                QCOMPARE(alarm.toObject()["acknowledged_by"].toString(), "operator");
        VERIFY_WELL(healNetwork());
        QVERIFY(eventually([&] { return !ask("alpha", {"alarms"}).says(id.c_str()); })); // gone, with who has seen it
    }

    // --- orders that are impossible now -----------------------------------------------------------------------------

    void whatIsImpossibleSaysWhat_data() {
        QTest::addColumn<QString>("words");
        QTest::addColumn<QString>("says");
        QTest::newRow("no such group") << "switchover crm"
                                       << "the configuration has no such group";
        QTest::newRow("no such node") << "maintenance gamma on"
                                      << "the configuration has no such node";
        QTest::newRow("home already") << "switchback erp"
                                      << "on its preferred node alpha already";
        QTest::newRow("nothing failed") << "clear-failure erp"
                                        << "not failed here";
        QTest::newRow("no such alarm") << "alarms ack nothing"
                                       << "no alarm \"nothing\" stands";
        QTest::newRow("no such token") << "token revoke nobody"
                                       << "there is no token of this name";
    }
    void whatIsImpossibleSaysWhat() {
        QFETCH(QString, words);
        QFETCH(QString, says);
        std::vector<std::string> list;
        for (const QString& word : words.split(' '))
            list.push_back(word.toStdString());
        for (const char* host : hostNames) {
            const Told told = ask(host, list);
            QVERIFY2(told.status == 1, told.text.constData());
            QVERIFY2(told.text.contains(says.toUtf8()), told.text.constData());
        }
    }

    void aMoveToANodeInMaintenanceIsRefusedWithTheReason() {
        QCOMPARE(ask("alpha", {"maintenance", "beta", "on"}).status, 0);
        QVERIFY(eventually([] { return nodeIn(askJson("alpha", {"status"}).json(), "beta")["maintenance"].toBool(); }));
        const Told told = ask("alpha", {"switchover", groupName});
        QCOMPARE(told.status, 1);
        QVERIFY2(told.says("beta is in maintenance (for "), told.text.constData());
        QVERIFY(ownerByAddress() == "alpha");
        QCOMPARE(ask("alpha", {"maintenance", "beta", "off"}).status, 0);
        QVERIFY(
            eventually([] { return !nodeIn(askJson("alpha", {"status"}).json(), "beta")["maintenance"].toBool(); }));
    }

    void thePeerCantBeAsked() {
        VERIFY_WELL(powerOff("beta"));
        const Told told = ask("alpha", {"maintenance", "beta", "on"});
        QVERIFY2(told.status == 1, told.text.constData());
        QVERIFY2(told.says("only it can carry this out, and it can't be asked"), told.text.constData());
        const Told move = ask("alpha", {"switchover", groupName});
        QVERIFY2(move.status == 1, move.text.constData());
        QVERIFY(ownerByAddress() == "alpha");
    }

    void twoOperatorsAtOnce() {
        const auto database = findInHost("alpha", "postgres");
        QVERIFY(!database.empty());
        const pid_t postmaster = *std::min_element(database.begin(), database.end());
        QCOMPARE(kill(postmaster, SIGSTOP), 0); // it can't be stopped in order as long as it sleeps
        const Told first = ask("alpha", {"switchover", groupName, "--no-wait"});
        // At the same node, and at the other one: told about the first as long as that is under way.
        const Told same = ask("alpha", {"switchover", groupName, "--no-wait"});
        const Told other = ask("beta", {"switchback", groupName, "--no-wait"});
        const Told preview = ask("alpha", {"switchover", groupName, "--dry-run"});
        QCOMPARE(kill(postmaster, SIGCONT), 0);
        QVERIFY2(first.status == 0, first.text.constData());
        for (const Told* second : {&same, &other, &preview}) {
            QVERIFY2(second->status == 1, second->text.constData());
            QVERIFY2(second->says("switchover of erp, ordered by operator from") && second->says("is still under way"),
                     second->text.constData());
        }
        QVERIFY(waitForOwner("beta", deadlockGuard)); // once, and not back again
        QVERIFY(m_pair.client().waitForNewRow(deadlockGuard));
    }

    // --- tokens -----------------------------------------------------------------------------------------------------

    void tokensAreGoodAndRevokedWithoutARestart() {
        const Told added = askJson("alpha", {"token", "add", "vera", "viewer"});
        QCOMPARE(added.status, 0);
        const std::string file = hostFolder("alpha") + "/etc/dyad/vera.token";
        std::ofstream(file) << added.json()["token"].toString().toStdString() << "\n";
        const std::vector<std::string> asVera{
            "status", "--node", "alpha", "--url", "https://127.0.0.1:7410", "--token-file", "/etc/dyad/vera.token"};
        QVERIFY(eventually([&] { return ask("alpha", asVera).status == 0; }));
        const Told order = ask("alpha", {"maintenance", "beta", "on", "--url", "https://127.0.0.1:7410", "--token-file",
                                         "/etc/dyad/vera.token"});
        QVERIFY2(order.status == 1 && order.says("has the role viewer, this needs operator"), order.text.constData());
        QCOMPARE(ask("alpha", {"token", "revoke", "vera"}).status, 0);
        QVERIFY(eventually([&] { return ask("alpha", asVera).says("the token isn't known here"); }));
    }

    // --- abuse ------------------------------------------------------------------------------------------------------

    void abuseMovesNothing_data() {
        QTest::addColumn<int>("kind");
        for (const Abuse kind : allAbuses)
            QTest::newRow(toText(kind)) << static_cast<int>(kind);
    }
    void abuseMovesNothing() {
        QFETCH(int, kind);
        ask("alpha", {"token", "revoke", "abuser"}); // of a row that failed
        const Told added = askJson("alpha", {"token", "add", "abuser", "operator"});
        QVERIFY2(added.status == 0, added.text.constData());
        const Instant at = monotonicNow();
        const auto before = findInHost("alpha", "dyadd");
        {
            const Abusers abusers("10.77.0.1", 7410, added.json()["token"].toString().toStdString(),
                                  {static_cast<Abuse>(kind)});
            const AbuseCounts& counts = abusers.counts(static_cast<Abuse>(kind));
            // Some keep their connection, others are hung up on at once.
            QVERIFY(eventually([&] { return counts.connections.load() + counts.requests.load() > 20; }));
            // Meanwhile the operator gets in and is obeyed.
            const Told status = ask("alpha", {"status"});
            QVERIFY2(status.status == 0, status.text.constData());
            QCOMPARE(ask("alpha", {"maintenance", "alpha", "on"}).status, 0);
            QCOMPARE(ask("alpha", {"maintenance", "alpha", "off"}).status, 0);
            QVERIFY(m_pair.client().waitForNewRow(deadlockGuard));
        }
        QCOMPARE(ask("alpha", {"token", "revoke", "abuser"}).status, 0);
        QVERIFY(findInHost("alpha", "dyadd") == before);
        for (const char* host : hostNames)
            for (const char* line : {"reservation_won", "lease_lost", "peer_lost"})
                QVERIFY2(!findLine(host, at, line).has_value(), line);
        QVERIFY(ownerByAddress() == "alpha");
    }
};

QTEST_GUILESS_MAIN(CommandsTest)
#include "commands_test.moc"
