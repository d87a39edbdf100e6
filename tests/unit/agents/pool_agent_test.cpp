// SPDX-License-Identifier: Apache-2.0
// A pool in the real kernel: clients that connect through it, servers that come and go behind it.
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <map>

#include "agent_driver.h"
#include "agents/pool_agent.h"
#include "agents/pool_rules.h"
#include "fake_ports.h"
#include "pool_network.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;
using Balance = model::PoolSettings::Balance;

namespace {

constexpr const char* alarmName = "pool.servers:erp/web";

// A pool of the first `count` servers, its agent, and what the agent says.
struct Pool {
    fakes::FakeAlarms alarms;
    PoolAgent agent;
    AgentDriver driver{agent};

    Pool(model::PoolSettings settings, const std::string& folder)
        : agent(planPool(settings, "erp", "web", folder), alarms) {}

    [[nodiscard]] std::string lastWords() const { return driver.notices.empty() ? "" : driver.notices.back().detail; }
    // Waits until the agent has said this, that is: until the rules are as the words are.
    [[nodiscard]] bool says(const std::string& words) const {
        return QTest::qWaitFor([&] { return lastWords().find(words) != std::string::npos; }, guardMs);
    }
    [[nodiscard]] bool hasSaid(const std::string& words) const {
        return QTest::qWaitFor(
            [&] {
                return std::any_of(driver.notices.begin(), driver.notices.end(), [&](const ports::AgentNotice& each) {
                    return each.detail.find(words) != std::string::npos;
                });
            },
            guardMs);
    }
};

} // namespace

class PoolAgentTest : public QObject {
    Q_OBJECT

    PoolNetwork m_network;
    QTemporaryDir m_folder;
    std::vector<std::unique_ptr<NamedServer>> m_servers;

    // Checks are frequent, and patient: a slow machine must not take a server for dead.
    static model::PoolSettings settings(bool six = false) {
        model::PoolSettings pool;
        pool.address = six ? "fd77::100" : "10.77.0.100";
        pool.port = 80;
        for (const char* number : {"11", "12", "13"}) {
            model::PoolServer server;
            server.name = std::string("web") + number[1];
            server.address = (six ? "fd77:5::" : "10.77.5.") + std::string(number);
            server.port = 8080;
            server.probe = model::TcpProbe{server.address, 8080};
            pool.servers.push_back(server);
        }
        pool.interval = 50ms;
        pool.timeout = 20s;
        return pool;
    }
    [[nodiscard]] std::string folder() const { return m_folder.path().toStdString(); }
    void openServers(bool six = false) {
        m_servers.clear();
        for (const model::PoolServer& each : settings(six).servers)
            m_servers.push_back(std::make_unique<NamedServer>(m_network, each.name, each.address));
        for (const auto& each : m_servers)
            QVERIFY(each->open());
    }
    [[nodiscard]] std::unique_ptr<Visitor> visitor(const std::string& own = "") {
        return std::make_unique<Visitor>(m_network, m_network.client, "10.77.0.100", own);
    }
    // How often each server took one of so many new connections.
    [[nodiscard]] std::map<std::string, int> visits(int count, const std::string& to = "10.77.0.100") {
        std::map<std::string, int> found;
        for (int i = 0; i < count; ++i)
            ++found[Visitor(m_network, m_network.client, to).server()];
        return found;
    }
    // A connection that this server has.
    [[nodiscard]] std::unique_ptr<Visitor> visitorOf(const std::string& server) {
        for (int i = 0; i < 20; ++i) {
            auto each = visitor();
            if (each->server() == server) return each;
        }
        return nullptr;
    }
    [[nodiscard]] static QByteArray tables() {
        QByteArray output;
        NetworkSpace::run("nft list tables", &output);
        return output;
    }
    using Counts = std::map<std::string, int>;

private Q_SLOTS:
    void initTestCase() {
        if (::geteuid() != 0) QSKIP("needs root and network namespaces");
        QVERIFY(m_folder.isValid());
        QVERIFY(m_network.make());
    }
    void init() { openServers(); }
    void cleanup() {
        m_servers.clear();
        if (m_network.node.enter()) NetworkSpace::run("nft flush ruleset");
    }

    void newConnectionsGoRound() {
        QVERIFY(NetworkSpace::run("echo 0 > /proc/sys/net/ipv4/ip_forward"));
        Pool pool(settings(), folder());
        COMPARE_OUTCOME(pool.driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        QVERIFY(pool.hasSaid("net.ipv4.ip_forward was off"));
        QVERIFY(pool.says("3 of 3 servers serve"));
        QVERIFY(pool.alarms.raised.empty());
        QCOMPARE(visits(6), (Counts{{"web1", 2}, {"web2", 2}, {"web3", 2}}));
        // The servers see the node, and the node itself is a client like any other.
        QVERIFY(!m_servers[0]->sees("10.77.0.50"));
        QCOMPARE(Visitor(m_network, m_network.node, "10.77.0.100").server().substr(0, 3), std::string("web"));
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(!tables().contains("dyad"));
        QCOMPARE(visits(1), (Counts{{"", 1}}));
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(pool.driver.kill(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        QCOMPARE(visits(3), (Counts{{"web1", 1}, {"web2", 1}, {"web3", 1}}));
        COMPARE_OUTCOME(pool.driver.kill(), ResourceOutcome::Stopped);
        QVERIFY(!tables().contains("dyad"));
    }

    void aDeadServerGoesOutAndNobodyElseNotices() {
        Pool pool(settings(), folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        const auto living = visitorOf("web2");
        QVERIFY(living);
        m_servers[2]->close();
        QVERIFY(pool.says("2 of 3 servers serve; web3 is out since "));
        QVERIFY(pool.lastWords().find("Connection refused") != std::string::npos);
        QVERIFY(pool.alarms.raised.at(alarmName).severity == model::Severity::Warning);
        QCOMPARE(living->askAgain(), std::string("web2"));
        QCOMPARE(visits(6), (Counts{{"web1", 3}, {"web2", 3}}));
        QVERIFY(m_servers[2]->open());
        QVERIFY(pool.says("3 of 3 servers serve"));
        QVERIFY(pool.alarms.raised.empty());
        QCOMPARE(living->askAgain(), std::string("web2"));
        QCOMPARE(visits(6), (Counts{{"web1", 2}, {"web2", 2}, {"web3", 2}}));
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
    }

    void whoIsStillConnectedToTheDeadIsReset() {
        Pool pool(settings(), folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        const auto lost = visitorOf("web3");
        const auto own = [&] {
            for (int i = 0; i < 20; ++i) {
                auto each = std::make_unique<Visitor>(m_network, m_network.node, "10.77.0.100");
                if (each->server() == "web3") return each;
            }
            return std::unique_ptr<Visitor>();
        }();
        QVERIFY(lost && own);
        QCOMPARE(lost->askAgain(), std::string("web3"));
        m_servers[2]->close(); // it hears what is sent, and would answer
        QVERIFY(pool.says("web3 is out"));
        QCOMPARE(lost->askAgain(), std::string());
        QCOMPARE(own->askAgain(), std::string());
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
    }

    void withoutAnyServerClientsAreRefused() {
        // Even where the node has a program of its own on that port.
        QTcpServer local;
        QVERIFY(local.listen(QHostAddress("10.77.0.100"), 80));
        Pool pool(settings(), folder());
        for (const auto& each : m_servers)
            each->close();
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        QVERIFY(pool.says("0 of 3 servers serve"));
        QVERIFY(pool.alarms.raised.at(alarmName).severity == model::Severity::Critical);
        QCOMPARE(visits(2), (Counts{{"", 2}}));
        QCOMPARE(Visitor(m_network, m_network.node, "10.77.0.100").server(), std::string());
        QVERIFY(!local.hasPendingConnections());
        QVERIFY(m_servers[1]->open());
        QVERIFY(pool.says("1 of 3 servers serve"));
        QCOMPARE(visits(2), (Counts{{"web2", 2}}));
        QCOMPARE(pool.driver.count(Kind::Unhealthy), 0);
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(pool.alarms.raised.empty());
    }

    void withoutAnyServerItHasFailedWhereThatIsWanted() {
        model::PoolSettings strict = settings();
        strict.failWhenEmpty = true;
        Pool pool(strict, folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        for (const auto& each : m_servers)
            each->close();
        QVERIFY(pool.driver.awaitNotice(Kind::Unhealthy));
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Failed);
        QVERIFY(!tables().contains("dyad"));
        COMPARE_OUTCOME(pool.driver.kill(), ResourceOutcome::Stopped);
    }

    void theNextServiceGoesOnWithWhatItFinds() {
        std::unique_ptr<Visitor> kept;
        std::unique_ptr<Visitor> resting;
        {
            Pool first(settings(), folder());
            COMPARE_OUTCOME(first.driver.start(), ResourceOutcome::Running);
            kept = visitorOf("web1");
            resting = visitorOf("web3");
            QVERIFY(kept && resting);
        }
        // Nobody supervises; the kernel goes on.
        QCOMPARE(visits(3), (Counts{{"web1", 1}, {"web2", 1}, {"web3", 1}}));
        model::PoolSettings changed = settings();
        changed.servers[2].maintenance = true;
        Pool second(changed, folder());
        COMPARE_OUTCOME(second.driver.probe(), ResourceOutcome::Running);
        QVERIFY(second.says("2 of 3 servers serve; web3 is in maintenance"));
        QVERIFY(second.alarms.raised.empty());
        QCOMPARE(kept->askAgain(), std::string("web1"));
        QCOMPARE(resting->askAgain(), std::string("web3"));
        QCOMPARE(visits(4), (Counts{{"web1", 2}, {"web2", 2}}));
        m_servers[0]->close();
        QVERIFY(second.says("1 of 3 servers serve; web1 is out"));
        QCOMPARE(resting->askAgain(), std::string("web3"));
        COMPARE_OUTCOME(second.driver.stop(), ResourceOutcome::Stopped);
    }

    void rulesThatWereLeftOverAreReplaced() {
        { // of a service that has died, with a server that is no longer one
            Pool first(settings(), folder());
            COMPARE_OUTCOME(first.driver.start(), ResourceOutcome::Running);
        }
        model::PoolSettings smaller = settings();
        smaller.servers.pop_back();
        Pool second(smaller, folder());
        COMPARE_OUTCOME(second.driver.start(), ResourceOutcome::Running);
        QCOMPARE(visits(4), (Counts{{"web1", 2}, {"web2", 2}}));
        COMPARE_OUTCOME(second.driver.stop(), ResourceOutcome::Stopped);
    }

    void whatSomebodyElseChangesIsPutRight() {
        Pool pool(settings(), folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        const auto living = visitorOf("web2");
        for (const char* meddling : {"delete table ip dyad_erp_web", "flush chain ip dyad_erp_web choose"}) {
            pool.driver.notices.clear();
            QVERIFY(NetworkSpace::run(std::string("nft ") + meddling));
            QVERIFY(pool.hasSaid("by somebody else; they are put right"));
            QVERIFY(pool.says("3 of 3 servers serve"));
            QCOMPARE(visits(3), (Counts{{"web1", 1}, {"web2", 1}, {"web3", 1}}));
        }
        QCOMPARE(living->askAgain(), std::string("web2"));
        // What isn't ours is left alone.
        pool.driver.notices.clear();
        QVERIFY(NetworkSpace::run("nft add table ip somebodys"));
        m_servers[0]->close();
        QVERIFY(pool.says("web1 is out"));
        QVERIFY(tables().contains("somebodys"));
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(tables().contains("somebodys"));
    }

    void rulesThatCanNotBeLoadedAreAFailure() {
        PoolPlan plan = planPool(settings(), "erp", "web", folder());
        plan.program = "/bin/false";
        fakes::FakeAlarms alarms;
        PoolAgent agent(plan, alarms);
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Failed);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::CouldNotRun);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Failed);
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        plan.program = "/nonexistent/nft";
        PoolAgent missing(plan, alarms);
        AgentDriver other(missing);
        const ports::AgentResult told = other.start();
        QVERIFY(told.outcome == ResourceOutcome::Failed);
        QVERIFY2(told.detail.find("apt install nftables") != std::string::npos, told.detail.c_str());
        COMPARE_OUTCOME(other.probe(), ResourceOutcome::CouldNotRun);
        COMPARE_OUTCOME(other.kill(), ResourceOutcome::Stopped);
    }

    void aStopOvertakesAStart() {
        // A server that never answers: the first round lasts as long as its time-out.
        model::PoolSettings slow = settings();
        slow.servers[0].probe = model::ScriptProbe{{"/bin/sleep", "1000"}};
        Pool pool(slow, folder());
        std::optional<ports::AgentResult> started;
        pool.agent.start(false, AgentDriver::into(started));
        QVERIFY(!started);
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
        QVERIFY(started && started->outcome == ResourceOutcome::Failed);
        QVERIFY(!tables().contains("dyad"));
    }

    void aClientStaysWithItsServer() {
        model::PoolSettings sticky = settings();
        sticky.balance = Balance::Source;
        Pool pool(sticky, folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        std::map<int, std::string> homes; // by the last byte of the client
        for (int client = 50; client <= 55; ++client) {
            const std::string own = "10.77.0." + std::to_string(client);
            homes[client] = visitor(own)->server();
            QCOMPARE(visitor(own)->server(), homes[client]);
        }
        const std::string gone = homes[50];
        NamedServer& dead = *m_servers[static_cast<std::size_t>(gone.back() - '1')];
        dead.close();
        QVERIFY(pool.says(gone + " is out"));
        for (const auto& [client, home] : homes) {
            const std::string now = visitor("10.77.0." + std::to_string(client))->server();
            QVERIFY(home == gone ? now != gone && !now.empty() : now == home);
        }
        QVERIFY(dead.open());
        QVERIFY(pool.says("3 of 3"));
        for (const auto& [client, home] : homes)
            QCOMPARE(visitor("10.77.0." + std::to_string(client))->server(), home);
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
    }

    void aHeavyServerGetsMore() {
        model::PoolSettings weighted = settings();
        weighted.balance = Balance::Weighted;
        weighted.servers[0].weight = 6;
        weighted.servers[1].weight = 3;
        weighted.servers[2].maintenance = true;
        Pool pool(weighted, folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        const Counts counts = visits(120); // by chance: 80 and 40
        QCOMPARE(counts.size(), std::size_t{2});
        QVERIFY(counts.at("web1") > counts.at("web2") && counts.at("web2") > 10);
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
    }

    void serversSeeTheClientWhereThatIsWanted() {
        model::PoolSettings open = settings();
        open.sourceNat = false;
        Pool pool(open, folder());
        COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
        QCOMPARE(visits(3), (Counts{{"web1", 1}, {"web2", 1}, {"web3", 1}}));
        for (const auto& each : m_servers)
            QVERIFY(each->sees("10.77.0.50"));
        COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
    }

    void itSpeaksIpv6() {
        QVERIFY(NetworkSpace::run("echo 0 > /proc/sys/net/ipv6/conf/all/forwarding"));
        openServers(true);
        Pool refused(settings(true), folder());
        const ports::AgentResult told = refused.driver.start();
        QVERIFY(told.outcome == ResourceOutcome::Failed);
        QVERIFY2(told.detail.find("net.ipv6.conf.all.forwarding = 1") != std::string::npos, told.detail.c_str());
        QVERIFY(NetworkSpace::run("echo 1 > /proc/sys/net/ipv6/conf/all/forwarding"));
        for (const Balance balance : {Balance::RoundRobin, Balance::Weighted, Balance::Source}) {
            model::PoolSettings six = settings(true);
            six.balance = balance;
            Pool pool(six, folder());
            COMPARE_OUTCOME(pool.driver.start(), ResourceOutcome::Running);
            const Counts counts = visits(6, "fd77::100");
            QVERIFY2(counts.count("") == 0 && counts.count("?") == 0, counts.begin()->first.c_str());
            if (balance == Balance::RoundRobin) QCOMPARE(counts.size(), std::size_t{3});
            if (balance == Balance::Source) QCOMPARE(counts.size(), std::size_t{1});
            for (std::size_t i = 0; i < 2; ++i)
                m_servers[i]->close();
            QVERIFY(pool.says("1 of 3"));
            QCOMPARE(visits(2, "fd77::100"), (Counts{{"web3", 2}}));
            m_servers[2]->close();
            QVERIFY(pool.says("0 of 3"));
            QCOMPARE(visits(1, "fd77::100"), (Counts{{"", 1}}));
            COMPARE_OUTCOME(pool.driver.stop(), ResourceOutcome::Stopped);
            for (const auto& each : m_servers)
                QVERIFY(each->open());
        }
    }

    // The largest pool there may be, in each way of balancing: read, loaded, and listed in full.
    void theLargestPoolIsLoaded() {
        for (const bool six : {false, true})
            for (const Balance balance : {Balance::RoundRobin, Balance::Weighted, Balance::Source}) {
                model::PoolSettings large = settings(six);
                large.balance = balance;
                const model::PoolServer pattern = large.servers.front();
                large.servers.clear();
                std::vector<ServerDuty> duties;
                for (std::size_t i = 0; i < model::maxPoolServers; ++i) {
                    model::PoolServer server = pattern;
                    server.name = "web" + std::to_string(i);
                    server.address = six ? "fd77:5555:6666:7777:8888:9999:aaaa:bb" + std::to_string(10 + i)
                                         : "10.177.105." + std::to_string(100 + i);
                    server.weight = static_cast<unsigned>(1 + i);
                    large.servers.push_back(server);
                    duties.push_back(i % 3 == 0 ? ServerDuty::Out : ServerDuty::Serves);
                }
                const std::string file = folder() + "/large.nft";
                QFile rules(QString::fromStdString(file));
                QVERIFY(rules.open(QIODevice::WriteOnly | QIODevice::Truncate));
                rules.write(poolRules(large, "dyad_erp_large", duties).c_str());
                rules.close();
                QVERIFY(NetworkSpace::run("nft -c -f " + file));
                QVERIFY(!tables().contains("dyad_erp_large"));
                QVERIFY(NetworkSpace::run("nft -f " + file));
                QByteArray listed;
                QVERIFY(NetworkSpace::run(std::string("nft -s list table ") + (six ? "ip6" : "ip") + " dyad_erp_large",
                                          &listed));
                QVERIFY(static_cast<std::size_t>(listed.size()) < maxListingBytes);
                QVERIFY(NetworkSpace::run(std::string("nft delete table ") + (six ? "ip6" : "ip") + " dyad_erp_large"));
            }
    }
};

QTEST_GUILESS_MAIN(PoolAgentTest)
#include "pool_agent_test.moc"
