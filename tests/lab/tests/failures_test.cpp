// SPDX-License-Identifier: Apache-2.0
// One test per named failure, on the whole pair: setup, failure, check, recovery.
#include "pair_fixture.h"

#include <algorithm>
#include <csignal>
#include <thread>

using namespace dyad;
using namespace dyad::lab;

class FailuresTest : public QObject {
    Q_OBJECT

private:
    PairFixture m_pair;

    // Nobody has claimed or stopped anything of the group since then.
    static std::string disturbance(Instant since) {
        for (const char* host : hostNames)
            for (const char* kind : {"reservation_won", "lease_lost", "resource_stopped", "resource_failed"})
                if (const auto line = findLine(host, since, kind, groupName))
                    return std::string(host) + ": " + line->text;
        return {};
    }

    static std::vector<pid_t> databases() { return findInHost("alpha", "postgres"); }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        VERIFY_WELL(m_pair.recover());
        QVERIFY(ownerByAddress() == "alpha");
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void aServiceKilledOnTheActiveHostAdoptsWhatRuns() {
        const auto before = databases();
        QVERIFY(!before.empty());
        const pid_t postmaster = *std::min_element(before.begin(), before.end());
        const Instant at = monotonicNow();
        const auto services = findInHost("alpha", "dyadd");
        QCOMPARE(services.size(), std::size_t(1));
        QCOMPARE(kill(services.front(), SIGKILL), 0);
        QVERIFY(waitForLine("alpha", at, "service_started", deadlockGuard).has_value());
        QVERIFY(waitForLine("alpha", at, "resource_adopted", deadlockGuard, groupName, "db").has_value());
        VERIFY_WELL(waitForService("alpha", deadlockGuard));
        VERIFY_WELL(m_pair.rowsHold());
        const auto after = databases();
        QVERIFY(std::find(after.begin(), after.end(), postmaster) != after.end());
        QCOMPARE(disturbance(at), std::string());
        QVERIFY(ownerByAddress() == "alpha");
    }

    void aKilledDatabaseIsStartedAgainInPlace() {
        const auto before = databases();
        QVERIFY(!before.empty());
        const Instant at = monotonicNow();
        QCOMPARE(kill(*std::min_element(before.begin(), before.end()), SIGKILL), 0);
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "db").has_value());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "db").has_value());
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(ownerByAddress() == "alpha");
        QVERIFY(!findLine("beta", at, "reservation_won", groupName).has_value());
    }

    void aKilledHeartIsStartedAgain() {
        const Instant at = monotonicNow();
        const auto hearts = findInHost("alpha", "dyad-heart");
        QVERIFY(!hearts.empty());
        for (const pid_t heart : hearts)
            kill(heart, SIGKILL);
        QTRY_VERIFY_WITH_TIMEOUT(
            !findInHost("alpha", "dyad-heart").empty() && findInHost("alpha", "dyad-heart") != hearts, 60000);
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
    }

    // dyad-lun that died alone left a dead mount behind a lease that looked good on the array.
    void aKilledLunProcessMakesTheGroupStartAnew() {
        const Instant at = monotonicNow();
        const auto servers = findInHost("alpha", "dyad-lun");
        QVERIFY(!servers.empty());
        for (const pid_t server : servers)
            kill(server, SIGKILL);
        QVERIFY(waitForLine("alpha", at, "lease_lost", deadlockGuard, groupName).has_value());
        const auto activeAgain = [&] {
            return findLine("alpha", at, "group_active", groupName).has_value() ||
                   findLine("beta", at, "group_active", groupName).has_value();
        };
        QTRY_VERIFY_WITH_TIMEOUT(activeAgain(), 60000);
        VERIFY_WELL(m_pair.rowsHold());
    }

    // Nobody watched a mounted filesystem: an idle database did not notice that it was gone.
    void aFilesystemUnmountedByHandIsMountedAgain() {
        const Instant at = monotonicNow();
        auto unmounted = runInHost("alpha", {"umount", "-l", "/srv/erp"});
        VERIFY_WELL(unmounted);
        QCOMPARE(unmounted.value().exitStatus, 0);
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "data").has_value());
        const auto runsAgain = [&] {
            return findLine("alpha", at, "group_active", groupName).has_value() ||
                   findLine("beta", at, "group_active", groupName).has_value();
        };
        QTRY_VERIFY_WITH_TIMEOUT(runsAgain(), 60000);
        VERIFY_WELL(m_pair.rowsHold());
    }

    // A second dyadd on one host took heart and LUNs away from the first.
    void aSecondServiceOnTheSameHostIsRefused() {
        const Instant at = monotonicNow();
        const auto second = runInHost("alpha", {"dyadd"});
        VERIFY_WELL(second);
        QVERIFY(second.value().exitStatus != 0);
        QVERIFY2(second.value().text.find("runs already") != std::string::npos, second.value().text.c_str());
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
    }

    void aLinkThatWorksOneWayOnlyMovesNothing() {
        const Instant at = monotonicNow();
        VERIFY_WELL(interfere({{"alpha-private", "beta-private"}}));
        QVERIFY(waitForLine("beta", at, "link_changed", deadlockGuard).has_value());
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
        QVERIFY(ownerByAddress() == "alpha");
    }

    void anOwnerThatIsNotHeardDefends() {
        const Instant at = monotonicNow();
        VERIFY_WELL(interfere({{"alpha-private", "beta-private"}, {"alpha-public", "beta-public"}}));
        QVERIFY(waitForLine("beta", at, "challenge_placed", deadlockGuard, groupName).has_value());
        QVERIFY(waitForLine("beta", at, "challenge_defended", deadlockGuard, groupName).has_value());
        QVERIFY(probeWrite("beta", dataLun).answer == WriteProbe::Answer::Refused);
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
        QVERIFY(ownerByAddress() == "alpha");
    }

    void aFrozenOwnerIsReplacedAndStaysOutWhenItThaws() {
        const Instant at = monotonicNow();
        VERIFY_WELL(setFrozen("alpha", true));
        QVERIFY(waitForLine("beta", at, "group_active", deadlockGuard, groupName).has_value());
        VERIFY_WELL(setFrozen("alpha", false));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(probeWrite("alpha", dataLun).answer == WriteProbe::Answer::Refused);
        QTRY_VERIFY_WITH_TIMEOUT(databases().empty(), 60000);
    }

    void anArrayThatIsSwitchedOffAndOnComesBackOnOneHost() {
        VERIFY_WELL(stopArray());
        std::this_thread::sleep_for(500ms); // the length of the outage; what follows holds for any
        VERIFY_WELL(startArray());
        QTRY_VERIFY_WITH_TIMEOUT(ownerByAddress().has_value(), 90000);
        VERIFY_WELL(m_pair.rowsHold());
        // It forgot every reservation: the owner must have proven its lease again before it wrote.
        QTRY_VERIFY_WITH_TIMEOUT(ownerByAddress().has_value() &&
                                     probeWrite(otherHost(*ownerByAddress()), dataLun).answer ==
                                         WriteProbe::Answer::Refused,
                                 90000);
    }

    void afterADoublePowerLossOneHostAloneStartsTheGroup() {
        VERIFY_WELL(powerOff("alpha"));
        VERIFY_WELL(powerOff("beta"));
        const Instant at = monotonicNow();
        VERIFY_WELL(powerOn("beta"));
        QVERIFY(waitForLine("beta", at, "group_active", deadlockGuard, groupName).has_value());
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(ownerByAddress() == "beta");
    }

    void aShutdownInOrderHandsTheGroupOver() {
        const Instant at = monotonicNow();
        VERIFY_WELL(shutDown("alpha", deadlockGuard));
        QVERIFY(waitForLine("beta", at, "group_active", deadlockGuard, groupName).has_value());
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(ownerByAddress() == "beta");
    }

    // A mount point that is no folder: the standby can't start the group, and the service must not stay down for it.
    void aSwitchoverToAHostThatCantMountComesBack() {
        VERIFY_WELL(runInHost("beta", {"sh", "-c", "rmdir /srv/erp && touch /srv/erp"}));
        const Instant at = monotonicNow();
        [[maybe_unused]] const auto ordered =
            dyadOn("alpha", {"switchover", groupName}, deadlockGuard); // it may say that it failed
        QVERIFY(waitForLine("beta", at, "resource_failed", deadlockGuard, groupName).has_value());
        QVERIFY(waitForLine("alpha", at, "group_active", deadlockGuard, groupName).has_value());
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(ownerByAddress() == "alpha");
        VERIFY_WELL(runInHost("beta", {"sh", "-c", "rm /srv/erp && mkdir /srv/erp"}));
    }
};

QTEST_GUILESS_MAIN(FailuresTest)
#include "failures_test.moc"
