// SPDX-License-Identifier: Apache-2.0
// The orders that stand, and those that an operator confirms in writing, through the real programs on a real pair. The
// time-outs are the longest: a host that boots alone waits for its peer longer than any of these tests needs.
#include "pair_fixture.h"

#include "lab/stranger.h"

#include <QJsonArray>

#include <algorithm>
#include <csignal>

using namespace dyad;
using namespace dyad::lab;

namespace {

QJsonObject groupAt(const char* host) {
    for (const QJsonValue& group : askJson(host, {"status"}).json()["groups"].toArray())
        if (group.toObject()["name"].toString() == groupName) return group.toObject();
    return {};
}

pid_t postmaster(const char* host) {
    const auto processes = findInHost(host, "postgres");
    return processes.empty() ? 0 : *std::min_element(processes.begin(), processes.end());
}

// Both nodes say so of the group.
bool bothSay(const char* field, bool value) {
    return eventually([&] {
        return std::all_of(std::begin(hostNames), std::end(hostNames), [&](const char* host) {
            const QJsonObject group = groupAt(host);
            return group.contains(QLatin1String(field)) && group[QLatin1String(field)].toBool() == value;
        });
    });
}

} // namespace

class StandingOrdersTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

    // Stopped in order, and the LUN let go of.
    void disabled() {
        const Instant at = monotonicNow();
        const Told told = ask("beta", {"disable", groupName, "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(waitForLine("alpha", at, "reservation_released", deadlockGuard, groupName).has_value());
        QVERIFY(bothSay("disabled", true));
        QVERIFY(!ownerByAddress().has_value());
    }
    void enabled() {
        const Told told = ask("beta", {"enable", groupName, "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "relaxed", .ledger = false}));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() { VERIFY_WELL(m_pair.recover()); }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void aFrozenGroupIsLeftAsItIs() {
        Told told = ask("beta", {"freeze", groupName, "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(bothSay("frozen", true));
        told = ask("alpha", {"switchover", groupName, "--yes"});
        QVERIFY2(told.status == 1 && told.says("the group is frozen (for ") && told.says("`dyad unfreeze erp` first"),
                 told.text.constData());
        QVERIFY(ask("beta", {"alarms"}).says("group.frozen:erp"));

        const Instant at = monotonicNow();
        QCOMPARE(kill(postmaster("alpha"), SIGKILL), 0);
        QVERIFY(waitForLine("alpha", at, "resource_failed", deadlockGuard, groupName, "db").has_value());
        // What comes later in the journal was decided later: an order and its answer, and nothing for the group before.
        QCOMPARE(ask("alpha", {"maintenance", "alpha", "on"}).status, 0);
        QCOMPARE(ask("alpha", {"maintenance", "alpha", "off"}).status, 0);
        QVERIFY(!findLine("alpha", at, "resource_starting", groupName).has_value());
        QVERIFY(!findLine("beta", at, "reservation_won", groupName).has_value());
        QVERIFY(ownerByAddress() == "alpha");

        told = ask("alpha", {"unfreeze", groupName, "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "db").has_value());
        QVERIFY(bothSay("frozen", false));
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(ownerByAddress() == "alpha");
    }

    void aDisabledGroupStaysStoppedOverAReboot() {
        disabled();
        if (QTest::currentTestFailed()) return;
        VERIFY_WELL(powerOff("alpha"));
        VERIFY_WELL(powerOn("alpha"));
        VERIFY_WELL(waitForService("alpha", deadlockGuard));
        QVERIFY(bothSay("disabled", true));
        QVERIFY(!ownerByAddress().has_value());
        enabled();
        if (QTest::currentTestFailed()) return;
        QVERIFY(waitForOwner("alpha", deadlockGuard)); // the preferred one
        VERIFY_WELL(m_pair.rowsHold());
    }

    void oneResourceIsRestarted() {
        const pid_t before = postmaster("alpha");
        const Instant at = monotonicNow();
        const Told told = ask("beta", {"restart", groupName, "db", "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(waitForLine("alpha", at, "resource_running", deadlockGuard, groupName, "db").has_value());
        QVERIFY(postmaster("alpha") != before);
        QVERIFY(!findLine("alpha", at, "resource_stopped", groupName, "data").has_value()); // it stands below
        VERIFY_WELL(m_pair.rowsHold());
        const Told unknown = ask("alpha", {"restart", groupName, "cache", "--yes"});
        QVERIFY2(unknown.status == 1 && unknown.says("no such resource"), unknown.text.constData());
    }

    void aFailedGroupIsClearedAndMayRunAgain() {
        VERIFY_WELL(runInHost("beta", {"sh", "-c", "rmdir /srv/erp && touch /srv/erp"}));
        const Instant at = monotonicNow();
        [[maybe_unused]] const auto ordered =
            ask("alpha", {"switchover", groupName, "--yes"}); // it says that it failed
        QVERIFY(waitForLine("beta", at, "resource_failed", deadlockGuard, groupName).has_value());
        QVERIFY(waitForLine("alpha", at, "group_active", deadlockGuard, groupName).has_value());
        VERIFY_WELL(runInHost("beta", {"sh", "-c", "rm /srv/erp && mkdir /srv/erp"}));
        // The order that failed counts as under way until the group has been at rest for a moment.
        QVERIFY(eventually([] {
            return ask("alpha", {"switchover", groupName, "--yes"}).says("the group failed on beta");
        }));
        const Told told = ask("beta", {"clear-failure", groupName});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(eventually([] { return ask("alpha", {"switchover", groupName, "--dry-run"}).status == 0; }));
        VERIFY_WELL(m_pair.rowsHold());
    }

    void maintenanceOutlivesAReboot() {
        const auto inMaintenance = [] {
            for (const QJsonValue& node : askJson("alpha", {"status"}).json()["nodes"].toArray())
                if (node.toObject()["name"].toString() == "beta") return node.toObject()["maintenance"].toBool();
            return false;
        };
        QCOMPARE(ask("alpha", {"maintenance", "beta", "on"}).status, 0);
        VERIFY_WELL(powerOff("beta"));
        VERIFY_WELL(powerOn("beta"));
        VERIFY_WELL(waitForService("beta", deadlockGuard));
        QVERIFY(eventually(inMaintenance));
        QCOMPARE(ask("beta", {"maintenance", "beta", "off"}).status, 0);
        QVERIFY(eventually([&] { return !inMaintenance(); }));
    }

    void oneHostStartsAloneOnceThatIsWritten() {
        const Told heard = ask("alpha", {"start-alone", groupName, "--confirm", "start erp alone"});
        QVERIFY2(heard.status == 1, heard.text.constData()); // both are there
        VERIFY_WELL(powerOff("alpha"));
        VERIFY_WELL(powerOff("beta"));
        const Instant at = monotonicNow();
        VERIFY_WELL(powerOn("alpha"));
        VERIFY_WELL(waitForService("alpha", deadlockGuard));
        const Told unwritten = ask("alpha", {"start-alone", groupName, "--yes"});
        QVERIFY2(unwritten.status == 2 && unwritten.says("--confirm 'start erp alone'"), unwritten.text.constData());
        const Told told = ask("alpha", {"start-alone", groupName, "--confirm", "start erp alone"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(waitForLine("alpha", at, "group_active", deadlockGuard, groupName).has_value());
        VERIFY_WELL(m_pair.rowsHold());
    }

    void aStrangersKeyIsRemovedOnceItIsNamed() {
        disabled();
        if (QTest::currentTestFailed()) return;
        QVERIFY(strangerDoes(StrangerDeed::Reserve, dataLun));
        enabled();
        if (QTest::currentTestFailed()) return;
        QVERIFY(eventually([] { return ask("alpha", {"alarms"}).says("1234567890abcdef"); }));
        QVERIFY(!ownerByAddress().has_value()); // nobody takes it from a stranger
        const Told other = ask("alpha", {"release-claim", groupName, "--key", "00000000000000aa", "--yes"});
        QVERIFY2(other.status == 1 && other.says("not by the key that was confirmed"), other.text.constData());
        QVERIFY(!ownerByAddress().has_value());
        const Told told = ask("alpha", {"release-claim", groupName, "--key", "1234567890abcdef", "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(waitForOwner("alpha", deadlockGuard));
        VERIFY_WELL(m_pair.rowsHold());
        QVERIFY(!ask("alpha", {"keys"}).says("1234567890abcdef"));
    }
};

QTEST_GUILESS_MAIN(StandingOrdersTest)
#include "standing_orders_test.moc"
