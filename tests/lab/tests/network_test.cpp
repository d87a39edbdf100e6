// SPDX-License-Identifier: Apache-2.0
// The public network by its cables, with no gateway configured; the last link, a serial line; a link whose heartbeats
// go to a multicast group; and what the standby finds when it asks the network for the owner's address.
#include "lab/command.h"
#include "lab/namespaces.h"
#include "pair_fixture.h"
#include "serial_cable.h"

#include <QJsonArray>

using namespace dyad;
using namespace dyad::lab;

namespace {

QJsonArray listAt(const char* host, const char* what) { return askJson(host, {"status"}).json()[what].toArray(); }

QString livenessOf(const char* host, const char* what, const char* name) {
    for (const QJsonValue& each : listAt(host, what))
        if (each.toObject()["name"].toString() == name) return each.toObject()["liveness"].toString();
    return {};
}

bool alarmAt(const char* host, const char* id) {
    for (const QJsonValue& each : listAt(host, "alarms"))
        if (each.toObject()["id"].toString() == id) return true;
    return false;
}

constexpr const char* carrierLost = "carrier.lost:public";
constexpr Duration graceOver = 3s; // several times gatewayGrace of the fast profile: what was to move has moved

// Nobody has claimed or stopped anything of the group since then.
std::string disturbance(Instant since) {
    for (const char* host : hostNames)
        for (const char* kind : {"reservation_won", "lease_lost", "resource_stopped", "resource_failed"})
            if (const auto line = findLine(host, since, kind, groupName)) return std::string(host) + ": " + line->text;
    return {};
}

} // namespace

class NetworkTest : public QObject {
    Q_OBJECT

    dyad::fakes::SerialCable m_cable;
    PairFixture m_pair;

    bool bothHearOn(const char* link, const char* liveness) {
        return eventually([&] {
            return livenessOf("alpha", "links", link) == QLatin1String(liveness) &&
                   livenessOf("beta", "links", link) == QLatin1String(liveness);
        });
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        QVERIFY(m_cable.sound());
        PairSettings settings;
        settings.ledger = false;
        settings.gateways = false;
        settings.serialDevices[0] = m_cable.end(0);
        settings.serialDevices[1] = m_cable.end(1);
        settings.multicast = "239.77.1.1";
        VERIFY_WELL(m_pair.bring(settings));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        m_cable.plug(true);
        VERIFY_WELL(m_pair.recover());
        for (const char* link : {"private", "public", "serial"})
            QVERIFY(bothHearOn(link, "alive"));
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void heartbeatsGoToTheGroup() {
        // The switch throws away heartbeats to a host's own address; those to the group pass.
        VERIFY_WELL(runWell({"nft", "add", "rule", "bridge", "dyadlab", "forward", "ip", "daddr", "10.77.1.0/24", "udp",
                             "dport", "7400", "drop"},
                            {.networkNamespace = networkPath("switch")}));
        const auto received = [] {
            for (const QJsonValue& each : listAt("beta", "links"))
                if (each.toObject()["name"].toString() == "private") return each.toObject()["received"].toDouble();
            return 0.0;
        };
        const double before = received();
        QVERIFY(eventually([&] { return received() > before + 50; }));
        QCOMPARE(livenessOf("beta", "links", "private"), QString("alive"));
    }

    void theOwnersPublicCableMovesTheGroup() {
        const Instant at = monotonicNow();
        VERIFY_WELL(pullCable("alpha", publicLink));
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(waitForLine("beta", at, "group_active", deadlockGuard, groupName).has_value());
        QVERIFY(!findLine("alpha", at, "lease_lost", groupName).has_value()); // in order, not by force
        QVERIFY(eventually([] { return alarmAt("alpha", carrierLost); }));
        VERIFY_WELL(m_pair.rowsHold());
        // The cable is back: nothing moves back by itself.
        const Instant back = monotonicNow();
        VERIFY_WELL(healNetwork());
        QVERIFY(eventually([] { return !alarmAt("alpha", carrierLost); }));
        std::this_thread::sleep_for(graceOver);
        QCOMPARE(disturbance(back), std::string());
        QVERIFY(ownerByAddress() == "beta");
    }

    void bothPublicCablesMoveNothing() {
        const Instant at = monotonicNow();
        VERIFY_WELL(setCables({portName("alpha", publicLink), portName("beta", publicLink)}, false));
        for (const char* host : hostNames)
            QVERIFY(eventually([&] { return alarmAt(host, carrierLost); }));
        std::this_thread::sleep_for(graceOver);
        QCOMPARE(disturbance(at), std::string());
        QVERIFY(ownerByAddress() == "alpha");
        VERIFY_WELL(healNetwork());
        for (const char* host : hostNames)
            QVERIFY(eventually([&] { return !alarmAt(host, carrierLost); }));
        std::this_thread::sleep_for(graceOver);
        QCOMPARE(disturbance(at), std::string());
        QVERIFY(ownerByAddress() == "alpha");
        VERIFY_WELL(m_pair.rowsHold());
    }

    void theSerialLineAloneKeepsThePeerAlive() {
        const Instant at = monotonicNow();
        VERIFY_WELL(cutBetweenHosts(privateLink));
        VERIFY_WELL(cutBetweenHosts(publicLink));
        for (const char* link : {"private", "public"})
            QVERIFY(bothHearOn(link, "lost"));
        std::this_thread::sleep_for(graceOver);
        QCOMPARE(livenessOf("alpha", "nodes", "beta"), QString("alive"));
        QCOMPARE(livenessOf("beta", "nodes", "alpha"), QString("alive"));
        QVERIFY(bothHearOn("serial", "alive"));
        for (const char* kind : {"peer_suspect", "peer_lost", "challenge_placed"})
            QVERIFY2(!findLine("beta", at, kind).has_value(), kind);
        QCOMPARE(disturbance(at), std::string());
        VERIFY_WELL(m_pair.rowsHold());

        // The last one goes, too: a partition, and the owner keeps what it has.
        const Instant cut = monotonicNow();
        m_cable.plug(false);
        QVERIFY(waitForLine("beta", cut, "challenge_placed", deadlockGuard, groupName).has_value());
        QVERIFY(waitForLine("beta", cut, "challenge_defended", deadlockGuard, groupName).has_value());
        VERIFY_WELL(m_pair.rowsHold());
        QCOMPARE(disturbance(at), std::string());
        QVERIFY(ownerByAddress() == "alpha");
    }

    void theStandbyAsksWhetherTheNetworkBelievesTheOwner() {
        constexpr const char* unseen = "address.unseen:erp/ip";
        QVERIFY(!alarmAt("beta", unseen));
        // Alpha still has its address and its cable, but what it answers doesn't get out to beta.
        VERIFY_WELL(cutBetweenHosts(publicLink));
        QVERIFY(eventually([&] {
            (void)ask("beta", {"truth"}); // a look now, in place of the next one in half a minute
            return alarmAt("beta", unseen);
        }));
        QVERIFY(ownerByAddress() == "alpha"); // it is told, and nothing is done about it
        VERIFY_WELL(healNetwork());
        QVERIFY(eventually([&] {
            (void)ask("beta", {"truth"});
            return !alarmAt("beta", unseen);
        }));
    }
};

QTEST_GUILESS_MAIN(NetworkTest)
#include "network_test.moc"
