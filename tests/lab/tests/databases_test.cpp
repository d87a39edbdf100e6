// SPDX-License-Identifier: Apache-2.0
// Both databases as presets on a real pair: what a customer was told is stored is there after a power-off, and a server
// that is killed is started again in place, until it has been too often.
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "pair_fixture.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

using namespace dyad;
using namespace dyad::lab;

namespace {

// The package that has the server alone makes no user "mysql"; any other one will do.
constexpr const char* shopResource = R"(
[[group.resource]]
name = "shop"
type = "mariadb"
data = "/srv/erp/mysql"
user = "nobody"
options = ["innodb_buffer_pool_size=16M", "innodb_log_file_size=8M", "performance_schema=0", "skip-name-resolve"]
check = "write"
health = { interval_ms = 2000, timeout_ms = 2000, failures = 3 }
)";

constexpr const char* makeDatabase = "install -d -o nobody -g nogroup -m 700 /srv/erp/mysql && cd / && "
                                     "mariadb-install-db --no-defaults --user=nobody --datadir=/srv/erp/mysql "
                                     "--auth-root-authentication-method=socket --auth-root-socket-user=nobody "
                                     "--skip-test-db --innodb-log-file-size=8M";

// As root of the host, whom the server knows by the socket.
Told byHand(const std::string& host, const std::string& statement) {
    const auto told = runInHost(
        host, {"mariadb", "--no-defaults", "-u", "root", "-S", "/run/mysqld/mysqld.sock", "-N", "-B", "-e", statement});
    if (!told) return {};
    return {told.value().exitStatus, QByteArray::fromStdString(told.value().text)};
}

// As a customer, through the floating address.
Told byCustomer(const std::string& statement) {
    const auto told = run({"mariadb", "--no-defaults", "--protocol=tcp", "--connect-timeout=2", "-h", floatingAddress,
                           "-u", "clerk", "-N", "-B", "-e", statement},
                          {.networkNamespace = networkPath("client"), .deadline = 20s});
    if (!told) return {};
    return {told.value().exitStatus, QByteArray::fromStdString(told.value().text)};
}

bool customerFinds(const QByteArray& rows) {
    return eventually([&] { return byCustomer("select n from shop.orders order by n").text.trimmed() == rows; });
}

std::string configurationOf(const std::string& host) {
    std::ifstream file(hostFolder(host) + "/etc/dyad/dyad.toml");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

} // namespace

class DatabasesTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

    static pid_t server(const char* host, const char* program) {
        const auto found = findInHost(host, program);
        return found.empty() ? 0 : *std::min_element(found.begin(), found.end());
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        const auto made = runInHost("alpha", {"sh", "-c", makeDatabase});
        QVERIFY2(made && made.value().exitStatus == 0, made ? made.value().text.c_str() : "");
        std::ofstream(hostFolder("alpha") + "/etc/dyad/offered.toml", std::ios::trunc)
            << configurationOf("alpha") + shopResource;
        const Told applied = ask("alpha", {"config", "apply", "/etc/dyad/offered.toml", "--yes"});
        QVERIFY2(applied.status == 0, applied.text.constData());
        QVERIFY(eventually([] { return byHand("alpha", "select 1").status == 0; }));
        const Told filled = byHand("alpha", "create database shop; create table shop.orders (n int) engine = InnoDB; "
                                            "create user clerk@'10.77.0.%'; grant all on shop.* to clerk@'10.77.0.%'");
        QVERIFY2(filled.status == 0, filled.text.constData());
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        (void)ask("alpha", {"clear-failure", groupName, "--yes"}); // of the test before
        VERIFY_WELL(m_pair.recover());
        QVERIFY(eventually([] { return byHand("alpha", "select 1").status == 0; }));
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void rowsOfBothAreThereAfterAPowerOff() {
        const Told stored = byCustomer("insert into shop.orders values (1), (2)");
        QVERIFY2(stored.status == 0, stored.text.constData());
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(customerFinds("1\n2"));
        VERIFY_WELL(m_pair.rowsHold());
        // In order, too: nothing is left to recover.
        const Instant back = monotonicNow();
        VERIFY_WELL(m_pair.recover());
        QVERIFY(customerFinds("1\n2"));
        for (const JournalLine& line : readJournal("alpha", back))
            if (line.kind == "resource_progress" && line.resource == "shop")
                QVERIFY2(line.text.find("recovery") == std::string::npos, line.text.c_str());
        VERIFY_WELL(m_pair.rowsHold());
    }

    void theThirdTimeItMoves_data() {
        QTest::addColumn<QString>("resource");
        QTest::addColumn<QString>("program");
        QTest::newRow("PostgreSQL") << "db"
                                    << "postgres";
        QTest::newRow("MariaDB") << "shop"
                                 << "mariadbd";
    }
    void theThirdTimeItMoves() {
        QFETCH(QString, resource);
        QFETCH(QString, program);
        const std::string name = resource.toStdString();
        const QByteArray process = program.toUtf8();
        for (int time = 1; time <= 2; ++time) {
            const pid_t before = server("alpha", process.constData());
            QVERIFY(before != 0);
            const Instant at = monotonicNow();
            QCOMPARE(kill(before, SIGKILL), 0);
            QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, name).has_value());
            QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, name).has_value());
            QVERIFY(waitForLine("alpha", at, "group_active", deadlockGuard, groupName).has_value());
            QVERIFY(server("alpha", process.constData()) != before);
            QVERIFY(ownerByAddress() == "alpha");
            QVERIFY(!findLine("beta", at, "reservation_won", groupName).has_value());
        }
        const pid_t last = server("alpha", process.constData());
        QVERIFY(last != 0); // kill(2) takes 0 for ourselves
        const Instant at = monotonicNow();
        QCOMPARE(kill(last, SIGKILL), 0);
        QVERIFY(waitForLine("beta", at, "group_active", deadlockGuard, groupName).has_value());
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(findInHost("alpha", process.constData()).empty());
        QVERIFY(server("beta", process.constData()) != 0);
        QVERIFY(customerFinds("1\n2"));
        VERIFY_WELL(m_pair.rowsHold());
    }

    // Last, because the restarts of this test count, too.
    void oneThatHasBecomeReadOnlyIsNoticed() {
        const Instant at = monotonicNow();
        QCOMPARE(byHand("alpha", "set global read_only = 1").status, 0);
        const auto failed = waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "shop");
        QVERIFY(failed.has_value());
        QVERIFY2(failed->text.find("the database is read-only") != std::string::npos, failed->text.c_str());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "shop").has_value());
        QVERIFY(eventually([] { return byCustomer("insert into shop.orders values (3)").status == 0; }));
    }
};

QTEST_GUILESS_MAIN(DatabasesTest)
#include "databases_test.moc"
