// SPDX-License-Identifier: Apache-2.0
// A pool on a real pair: four web servers at the array's place in the storage network, clients who come through the
// floating address, and what they see when a server dies, when the rules are touched, and when the pool moves.
#include "lab/namespaces.h"
#include "pair_fixture.h"

#include <QDir>
#include <QFile>
#include <QJsonArray>
#include <QProcess>
#include <QTemporaryDir>

#include <array>
#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr std::array<const char*, 4> serverNames{"north", "east", "south", "west"};
constexpr std::size_t doomed = 2;
constexpr int firstServerPort = 9001;
constexpr int guardMs = 90'000;
constexpr int enoughRequests = 40;
constexpr const char* alarmId = "pool.servers:erp/web";
constexpr const char* tableName = "dyad_erp_web";
constexpr const char* poolUrl = "http://10.77.0.100:8090/";

constexpr const char* poolResource = R"(
[[group.resource]]
name   = "web"
type   = "pool"
listen = "10.77.0.100:8090"
health = { probe = "http", status = 200, interval_ms = 1000, timeout_ms = 1000, failures = 2, successes = 2 }
)";

// One process each, so that one signal ends it.
std::string siteText(const std::string& folder, int port, const std::string& name) {
    return "daemon off;\nmaster_process off;\nerror_log stderr;\npid " + folder +
           "/pid;\nevents { worker_connections 64; }\nhttp {\naccess_log off;\nclient_body_temp_path body;\n"
           "proxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n"
           "server { listen " +
           std::string(arrayAddress) + ":" + std::to_string(port) + "; location / { return 200 \"" + name +
           "\\n\"; } }\n}\n";
}

std::string poolText() {
    std::string text = poolResource;
    for (std::size_t i = 0; i < serverNames.size(); ++i)
        text += std::string("[[group.resource.server]]\nname = \"") + serverNames[i] + "\"\naddress = \"" +
                arrayAddress + ":" + std::to_string(firstServerPort + static_cast<int>(i)) + "\"\n";
    return text;
}

// What a client gets at the floating address: the name of the server that answered; empty where none did. A connection
// of its own each time.
std::string answer() {
    const auto got = run({"curl", "-s", "-f", "-m", "10", poolUrl}, {.networkNamespace = networkPath("client")});
    if (!got || got.value().exitStatus != 0) return "";
    const std::string& text = got.value().text;
    return text.substr(0, text.find('\n'));
}

// Who answered that many requests; "" stands for a request that failed.
std::set<std::string> answersOf(int requests) {
    std::set<std::string> names;
    for (int i = 0; i < requests; ++i)
        names.insert(answer());
    return names;
}

std::set<std::string> allBut(std::size_t without = serverNames.size()) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < serverNames.size(); ++i)
        if (i != without) names.insert(serverNames[i]);
    return names;
}

bool allAnswer() {
    return eventually([] { return answersOf(8) == allBut(); });
}

QByteArray shown(const std::set<std::string>& names) {
    QByteArray text;
    for (const std::string& each : names)
        text += each.empty() ? "(failed) " : QByteArray::fromStdString(each + " ");
    return text;
}

// The text of the pool's alarm on the node; empty where there is none.
QString alarmOn(const char* node) {
    const Told told = askJson("alpha", {"alarms"});
    for (const QJsonValue& each : told.json()["alarms"].toArray()) {
        const QJsonObject alarm = each.toObject();
        if (alarm["id"].toString() == alarmId && alarm["node"].toString() == node) return alarm["text"].toString();
    }
    return {};
}

// Whether `dyad alarms` could be asked at all, and has nothing of the pool.
bool noAlarm() {
    const Told told = askJson("alpha", {"alarms"});
    return told.status == 0 && told.json()["no_answer"].toArray().isEmpty() && !told.says("pool.servers:");
}

// How many tables of ours the kernel of the host has; -1 where it doesn't say.
int tablesOn(const char* host) {
    const auto listed = runInHost(host, {"nft", "list", "tables"});
    if (!listed || listed.value().exitStatus != 0) return -1;
    const QByteArray text = QByteArray::fromStdString(listed.value().text);
    return text.count(" dyad_") == text.count(tableName) ? static_cast<int>(text.count(tableName)) : -1;
}

// `nft WORDS...` on the host; its exit status.
int nftOn(const char* host, std::vector<std::string> words) {
    words.insert(words.begin(), "nft");
    const auto told = runInHost(host, words);
    return told ? told.value().exitStatus : -1;
}

// Moves the group to the other host; refused as long as that one is not heard well, and asked again until it is.
bool switchedTo(const char* host) {
    const bool ordered = eventually([host] {
        return ownerByAddress() == host || ask("alpha", {"switchover", groupName, "--yes"}).status == 0;
    });
    return ordered && waitForOwner(host, deadlockGuard);
}

// A client that asks again and again, on a thread of its own, from its making to end().
class Visitor {
public:
    struct Visit {
        Instant began;
        Instant ended;
        std::string name; // empty: failed
    };

    Visitor() : m_thread([this] { visit(); }) {}
    ~Visitor() { stop(); }
    Visitor(const Visitor&) = delete;
    Visitor& operator=(const Visitor&) = delete;

    [[nodiscard]] bool waitForMore(int visits) {
        const std::size_t wanted = count() + static_cast<std::size_t>(visits);
        return eventually([this, wanted] { return count() >= wanted; });
    }
    [[nodiscard]] std::vector<Visit> end() {
        stop();
        return m_visits;
    }

private:
    void visit() {
        while (!m_stop) {
            const Instant began = monotonicNow();
            std::string name = answer();
            const std::lock_guard lock(m_mutex);
            m_visits.push_back({began, monotonicNow(), std::move(name)});
        }
    }
    void stop() {
        m_stop = true;
        if (m_thread.joinable()) m_thread.join();
    }
    [[nodiscard]] std::size_t count() {
        const std::lock_guard lock(m_mutex);
        return m_visits.size();
    }

    std::mutex m_mutex;
    std::vector<Visit> m_visits;
    std::atomic<bool> m_stop = false;
    std::thread m_thread; // last: it uses the others
};

} // namespace

class PoolTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;
    QTemporaryDir m_folder;
    std::array<QProcess, serverNames.size()> m_servers;

    [[nodiscard]] QString folderOf(std::size_t server) const { return m_folder.filePath(serverNames[server]); }

    [[nodiscard]] bool startServer(std::size_t server) {
        QProcess& process = m_servers[server];
        if (process.state() != QProcess::NotRunning) return true;
        const QString configuration = folderOf(server) + "/site.conf";
        QFile file(configuration);
        if (!QDir().mkpath(folderOf(server)) || !file.open(QIODevice::WriteOnly)) return false;
        const int port = firstServerPort + static_cast<int>(server);
        const std::string name = serverNames[server];
        file.write(QByteArray::fromStdString(siteText(folderOf(server).toStdString(), port, name)));
        file.close();
        process.setProcessChannelMode(QProcess::MergedChannels);
        // Also where this test is killed, nothing of it stays in the array's network.
        process.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
        process.start("nsenter", {"--net=" + QString::fromStdString(networkPath("array")), "/usr/sbin/nginx", "-e",
                                  "stderr", "-p", folderOf(server), "-c", configuration});
        if (!process.waitForStarted(guardMs)) return false;
        const std::string place = std::string("http://") + arrayAddress + ":" + std::to_string(port) + "/";
        return eventually([&] {
            const auto got = run({"curl", "-s", "-m", "10", place}, {.networkNamespace = networkPath("array")});
            return got && got.value().text == name + "\n";
        });
    }
    // SIGKILL: its connections and its socket go with it.
    [[nodiscard]] bool killServer(std::size_t server) {
        QProcess& process = m_servers[server];
        process.kill();
        return process.state() == QProcess::NotRunning || process.waitForFinished(guardMs);
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        QVERIFY(m_folder.isValid());
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (std::size_t i = 0; i < serverNames.size(); ++i)
            QVERIFY2(startServer(i), m_servers[i].readAll().constData());
        for (const char* host : hostNames)
            QCOMPARE(tablesOn(host), 0);
        const Told applied = applyConfiguration(configurationOn("alpha") + poolText());
        QVERIFY2(applied.status == 0, applied.text.constData());
    }
    void cleanupTestCase() {
        // Before the network that they live in.
        for (std::size_t i = 0; i < serverNames.size(); ++i)
            (void)killServer(i);
        VERIFY_WELL(m_pair.end());
    }
    void init() {
        VERIFY_WELL(m_pair.recover());
        for (std::size_t i = 0; i < serverNames.size(); ++i)
            QVERIFY2(startServer(i), m_servers[i].readAll().constData());
        QVERIFY(allAnswer());
        QVERIFY(eventually(noAlarm));
    }
    void cleanup() {
        if (!QTest::currentTestFailed()) return;
        PairFixture::tell();
        for (std::size_t i = 0; i < serverNames.size(); ++i)
            if (m_servers[i].isOpen()) qWarning("%s: %s", serverNames[i], m_servers[i].readAll().constData());
        const auto rules = runInHost(ownerByAddress().value_or("alpha"), {"nft", "-s", "list", "ruleset"});
        if (rules) qWarning("%s", rules.value().text.c_str());
    }

    void everyServerGetsItsTurn() {
        const std::set<std::string> names = answersOf(enoughRequests);
        QVERIFY2(names == allBut(), shown(names).constData());
        QCOMPARE(tablesOn("alpha"), 1);
        QCOMPARE(tablesOn("beta"), 0);
    }

    void aDeadServerGetsNothingUntilItIsBack() {
        QVERIFY(killServer(doomed));
        QVERIFY(eventually([] {
            const QString text = alarmOn("alpha");
            return text.contains("3 of 4 servers serve") && text.contains(serverNames[doomed]);
        }));
        QVERIFY(alarmOn("beta").isEmpty());
        const std::set<std::string> names = answersOf(enoughRequests);
        QVERIFY2(names == allBut(doomed), shown(names).constData());
        QVERIFY(startServer(doomed));
        QVERIFY(allAnswer());
        QVERIFY(eventually(noAlarm));
    }

    // Servers have turns: of n requests one after the other, one of four goes to the dead one. A failure more would be
    // one of a server that lives.
    void onlyWhatWentToTheDeadServerFails() {
        Visitor visitor;
        QVERIFY(visitor.waitForMore(8));
        const Instant killed = monotonicNow();
        QVERIFY(killServer(doomed));
        const Instant gone = monotonicNow();
        // The alarm stands only after the rules without it are in the kernel.
        QVERIFY(eventually([] { return alarmOn("alpha").contains(serverNames[doomed]); }));
        const Instant out = monotonicNow();
        QVERIFY(visitor.waitForMore(enoughRequests));
        const std::vector<Visitor::Visit> visits = visitor.end();
        const std::set<std::string> known = allBut();
        int between = 0;
        int failed = 0;
        int after = 0;
        for (const Visitor::Visit& each : visits) {
            QVERIFY(each.name.empty() || known.count(each.name) == 1);
            QVERIFY(each.ended >= killed || !each.name.empty());
            QVERIFY(each.began < gone || each.name != serverNames[doomed]);
            if (each.began >= out) {
                ++after;
                QVERIFY2(!each.name.empty(), "a request failed after the dead server was out");
            } else if (each.ended >= killed) {
                ++between;
                failed += each.name.empty() ? 1 : 0;
            }
        }
        QVERIFY(after > 0);
        QVERIFY2(failed <= between / 4 + 1, qPrintable(QStringLiteral("%1 of %2 failed").arg(failed).arg(between)));
    }

    void withoutAnyServerClientsAreRefusedAtOnce() {
        for (std::size_t i = 0; i < serverNames.size(); ++i)
            QVERIFY(killServer(i));
        QVERIFY(eventually([] { return alarmOn("alpha").contains("0 of 4 servers serve"); }));
        const auto got = run({"curl", "-s", "-m", "10", poolUrl}, {.networkNamespace = networkPath("client")});
        constexpr int couldNotConnect = 7; // and not 28, which is a time-out
        QVERIFY(got.ok());
        QCOMPARE(got.value().exitStatus, couldNotConnect);
        // all_dead = "keep": the group stays, and so does its database.
        QVERIFY(ownerByAddress() == "alpha");
        VERIFY_WELL(m_pair.rowsHold());
        for (std::size_t i = 0; i < serverNames.size(); ++i)
            QVERIFY(startServer(i));
        QVERIFY(allAnswer());
    }

    void rulesThatWereRemovedByHandAreBack() {
        QCOMPARE(nftOn("alpha", {"delete", "table", "ip", tableName}), 0);
        QVERIFY(eventually([] { return tablesOn("alpha") == 1; }));
        QVERIFY(allAnswer());
        QCOMPARE(nftOn("alpha", {"flush", "table", "ip", tableName}), 0);
        QVERIFY(allAnswer());
        QVERIFY(ownerByAddress() == "alpha");
    }

    // The rules are the kernel's: they go on without the service.
    void theServiceRestartsAndNoClientNotices() {
        Visitor visitor;
        QVERIFY(visitor.waitForMore(4));
        const Instant restarted = monotonicNow();
        for (const pid_t each : findInHost("alpha", "dyadd"))
            kill(each, SIGKILL);
        QVERIFY(waitForLine("alpha", restarted, "service_started", deadlockGuard).has_value());
        QVERIFY(waitForLine("alpha", restarted, "group_active", deadlockGuard, groupName).has_value());
        QVERIFY(visitor.waitForMore(enoughRequests));
        for (const Visitor::Visit& each : visitor.end())
            QVERIFY2(!each.name.empty(), "a request failed while the service restarted");
        QCOMPARE(tablesOn("alpha"), 1);
        // It is kept again.
        QVERIFY(killServer(doomed));
        QVERIFY(eventually([] { return answersOf(8) == allBut(doomed); }));
    }

    void thePoolGoesOnAtThePeer() {
        QCOMPARE(tablesOn("beta"), 0);
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(allAnswer());
        QCOMPARE(tablesOn("beta"), 1);
        VERIFY_WELL(powerOn("alpha"));
        VERIFY_WELL(waitForService("alpha", deadlockGuard));
        QCOMPARE(tablesOn("alpha"), 0);
        VERIFY_WELL(m_pair.rowsHold());
    }

    void theHostThatLostTheGroupHasNoRules() {
        QVERIFY(switchedTo("beta"));
        QVERIFY(allAnswer());
        QCOMPARE(tablesOn("alpha"), 0);
        QCOMPARE(tablesOn("beta"), 1);
        QVERIFY(switchedTo("alpha"));
        QVERIFY(allAnswer());
        QCOMPARE(tablesOn("alpha"), 1);
        QCOMPARE(tablesOn("beta"), 0);
        VERIFY_WELL(m_pair.rowsHold());
    }
};

QTEST_GUILESS_MAIN(PoolTest)
#include "pool_test.moc"
