// SPDX-License-Identifier: Apache-2.0
// Both databases as presets on a real pair: what a customer was told is stored is there after a power-off, and a server
// that is killed is started again in place, until it has been too often.
#include "lab/mariadb.h"
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "pair_fixture.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <set>
#include <sstream>
#include <thread>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr int ordersBeforeTheBlow = 20;

Told byHand(const std::string& host, const std::string& statement) {
    const auto told = askMariadb(host, mariadbSocket, statement);
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

// Orders one number after the other, each in a transaction of its own, and remembers which of them were acknowledged.
class Clerk {
public:
    Clerk()
        : m_work([this] {
              for (int number = 1; !m_goHome; ++number) {
                  m_asked = number;
                  if (byCustomer("insert into shop.orders values (" + std::to_string(number) + ")").status != 0)
                      continue; // it may be stored all the same
                  m_acknowledged.insert(number);
                  ++m_count;
              }
          }) {}
    ~Clerk() { goesHome(); }
    Clerk(const Clerk&) = delete;
    Clerk& operator=(const Clerk&) = delete;

    [[nodiscard]] int acknowledged() const { return m_count; }
    void goesHome() {
        m_goHome = true;
        if (m_work.joinable()) m_work.join();
    }
    // After that. Empty: every order that was acknowledged is there, none twice, and none that was never given.
    [[nodiscard]] std::string whatIsWrong() const {
        const Told told = byCustomer("select n from shop.orders");
        if (told.status != 0) return "no answer: " + told.text.toStdString();
        std::istringstream rows(told.text.toStdString());
        std::set<int> found;
        for (int number = 0; rows >> number;) {
            if (!found.insert(number).second) return std::to_string(number) + " is there twice";
            if (number < 1 || number > m_asked) return std::to_string(number) + " was never ordered";
        }
        for (const int number : m_acknowledged)
            if (!found.contains(number)) return std::to_string(number) + " was acknowledged and is lost";
        return {};
    }

private:
    std::atomic<bool> m_goHome = false;
    std::atomic<int> m_count = 0;
    int m_asked = 0;
    std::set<int> m_acknowledged;
    std::thread m_work; // last: it uses the others
};

} // namespace

class DatabasesTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        VERIFY_WELL(addMariadb("alpha"));
        const Told filled = byHand("alpha", "create database shop; create table shop.orders (n int) engine = InnoDB; "
                                            "create user clerk@'10.77.0.%'; grant all on shop.* to clerk@'10.77.0.%'");
        QVERIFY2(filled.status == 0, filled.text.constData());
        VERIFY_WELL(runInHost("alpha", {"sync", "-f", "/srv/erp/mysql"})); // the rights are in no InnoDB table
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        (void)ask("alpha", {"clear-failure", groupName, "--yes"}); // of the test before
        VERIFY_WELL(m_pair.recover());
        QVERIFY(eventually([] { return byHand("alpha", "delete from shop.orders").status == 0; }));
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void rowsOfBothAreThereAfterAPowerOff() {
        Clerk clerk;
        QVERIFY(eventually([&] { return clerk.acknowledged() >= ordersBeforeTheBlow; }));
        VERIFY_WELL(powerOff("alpha"));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        const int before = clerk.acknowledged();
        QVERIFY(eventually([&] { return clerk.acknowledged() > before + 1; })); // also at beta
        clerk.goesHome();
        QCOMPARE(clerk.whatIsWrong(), std::string());
        VERIFY_WELL(m_pair.rowsHold());
        // In order, too: nothing is left to recover.
        const Instant back = monotonicNow();
        VERIFY_WELL(m_pair.recover());
        QVERIFY(waitForLine("alpha", back, "group_active", deadlockGuard, groupName).has_value());
        QCOMPARE(clerk.whatIsWrong(), std::string());
        for (const JournalLine& line : readJournal("alpha", back))
            if (line.kind == "resource_progress" && line.resource == mariadbResource)
                QVERIFY2(line.text.find("recovery") == std::string::npos, line.text.c_str());
        VERIFY_WELL(m_pair.rowsHold());
    }

    void theThirdTimeItMoves_data() {
        QTest::addColumn<QString>("resource");
        QTest::addColumn<QByteArray>("program");
        QTest::newRow("PostgreSQL") << "db" << QByteArray("postgres");
        QTest::newRow("MariaDB") << mariadbResource << QByteArray("mariadbd");
    }
    void theThirdTimeItMoves() {
        QFETCH(QString, resource);
        QFETCH(QByteArray, program);
        const std::string name = resource.toStdString();
        Clerk clerk;
        for (int time = 1; time <= 2; ++time) {
            const int orders = clerk.acknowledged();
            QVERIFY(eventually([&] { return clerk.acknowledged() > orders; }));
            const pid_t before = oldestInHost("alpha", program.constData());
            QVERIFY(before != 0); // kill(2) takes 0 for ourselves
            const Instant at = monotonicNow();
            QCOMPARE(kill(before, SIGKILL), 0);
            const auto failed = waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, name);
            QVERIFY(failed.has_value());
            // Told by the kernel, not found out by a check.
            QVERIFY2(failed->text.find("checks in a row") == std::string::npos, failed->text.c_str());
            QVERIFY(waitForLine("alpha", failed->at, "resource_running", deadlockGuard, groupName, name).has_value());
            QVERIFY(waitForLine("alpha", failed->at, "group_active", deadlockGuard, groupName).has_value());
            QVERIFY(oldestInHost("alpha", program.constData()) != before);
            QVERIFY(ownerByAddress() == "alpha");
            QVERIFY(!findLine("beta", at, "reservation_won", groupName).has_value());
        }
        const pid_t last = oldestInHost("alpha", program.constData());
        QVERIFY(last != 0);
        const Instant at = monotonicNow();
        QCOMPARE(kill(last, SIGKILL), 0);
        const auto failed = waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, name);
        QVERIFY(failed.has_value());
        const auto active = waitForLine("beta", at, "group_active", deadlockGuard, groupName);
        QVERIFY(active.has_value() && failed->at < active->at);
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(!findLine("alpha", at, "resource_running", groupName, name).has_value());
        QVERIFY(findInHost("alpha", program.constData()).empty());
        QVERIFY(oldestInHost("beta", program.constData()) != 0);
        const int orders = clerk.acknowledged();
        QVERIFY(eventually([&] { return clerk.acknowledged() > orders; }));
        clerk.goesHome();
        QCOMPARE(clerk.whatIsWrong(), std::string());
        VERIFY_WELL(m_pair.rowsHold());
    }

    // Last, because the restarts of this test count, too.
    void oneThatHasBecomeReadOnlyIsNoticed() {
        const Instant at = monotonicNow();
        QCOMPARE(byHand("alpha", "set global read_only = 1").status, 0);
        const auto failed = waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, mariadbResource);
        QVERIFY(failed.has_value());
        QVERIFY2(failed->text.find("the database is read-only") != std::string::npos, failed->text.c_str());
        QVERIFY(waitForLine("alpha", failed->at, "resource_running", deadlockGuard, groupName, mariadbResource)
                    .has_value());
        QVERIFY(eventually([] { return byCustomer("insert into shop.orders values (3)").status == 0; }));
    }
};

QTEST_GUILESS_MAIN(DatabasesTest)
#include "databases_test.moc"
