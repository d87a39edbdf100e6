// SPDX-License-Identifier: Apache-2.0
// The layout of the keys is on the array and outlives every process: it must never change by accident.
#include "model/reservation.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::model;

namespace {
const ReservationKey mine = ReservationKey::make(0x5d2a, NodeId::First, BootDigest(0xa3), Epoch(1));
const ReservationKey peers = ReservationKey::make(0x5d2a, NodeId::Second, BootDigest(0x77), Epoch(1));
} // namespace

class ReservationTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theLayoutIsFixed();
    void eachPartStaysInItsPlace();
    void theSameClaimThroughAnotherNexus();
    void whoseKeyItIs();
    void keyText();
    void snapshots_data();
    void snapshots();
    void snapshotText();
};

void ReservationTest::theLayoutIsFixed() {
    QCOMPARE(mine.withLogin(2).value, std::uint64_t(0x5d2a1000a3000102));
    QCOMPARE(ReservationKey::make(0xffff, NodeId::Second, BootDigest(0xfffff), Epoch(0xffff)).withLogin(0xff).value,
             std::uint64_t(0xffff2fffffffffff));
}

void ReservationTest::eachPartStaysInItsPlace() {
    const ReservationKey key =
        ReservationKey::make(0x8001, NodeId::Second, BootDigest(0xfedcba9876512345), Epoch(0x7fff8001)).withLogin(9);
    QCOMPARE(key.cluster(), std::uint16_t(0x8001));
    QCOMPARE(int(key.nodeNumber()), 2);
    QCOMPARE(key.boot(), 0x12345U);               // the low 20 bits
    QCOMPARE(key.epoch(), std::uint16_t(0x8001)); // the low 16 bits
    QCOMPARE(int(key.login()), 9);
    QVERIFY(key.isOfBoot(BootDigest(0xfedcba9876512345)));
    QVERIFY(key.isOfBoot(BootDigest(0x12345)));
    QVERIFY(!key.isOfBoot(BootDigest(0x12346)));
}

void ReservationTest::theSameClaimThroughAnotherNexus() {
    QVERIFY(mine.withLogin(1).sameClaim(mine.withLogin(255)));
    QVERIFY(mine.withLogin(1) != mine.withLogin(255));
    QVERIFY(!mine.sameClaim(peers));
    QVERIFY(!mine.sameClaim(ReservationKey::make(0x5d2a, NodeId::First, BootDigest(0xa3), Epoch(2))));
    QVERIFY(!mine.sameClaim(ReservationKey::make(0x5d2a, NodeId::First, BootDigest(0xa4), Epoch(1))));
    QCOMPARE(mine.withLogin(7).withLogin(0).value, mine.value);
}

void ReservationTest::whoseKeyItIs() {
    QVERIFY(mine.isOf(0x5d2a, NodeId::First));
    QVERIFY(!mine.isOf(0x5d2a, NodeId::Second));
    QVERIFY(!mine.isOf(0x5d2b, NodeId::First));
    QVERIFY(!ReservationKey{0x123abc}.isOf(0, NodeId::First)); // what another program has registered
}

void ReservationTest::keyText() {
    QCOMPARE(toText(mine.withLogin(2)), std::string("0x5d2a1000a3000102 (node 1, boot 000a3, epoch 1, login 2)"));
    QCOMPARE(toText(ReservationKey{}), std::string("0x0000000000000000 (node 0, boot 00000, epoch 0, login 0)"));
}

void ReservationTest::snapshots_data() {
    QTest::addColumn<std::vector<std::uint64_t>>("registrants");
    QTest::addColumn<quint64>("holder"); // 0: none
    QTest::addColumn<bool>("held");
    QTest::addColumn<bool>("registered");
    QTest::addColumn<bool>("ownedOnly");
    using Keys = std::vector<std::uint64_t>;
    const std::uint64_t me = mine.withLogin(1).value;
    const std::uint64_t ghost = mine.withLogin(2).value;
    const std::uint64_t other = peers.value;
    const auto row = [](const char* name, const Keys& keys, quint64 holder, bool held, bool registered, bool owned) {
        QTest::newRow(name) << keys << holder << held << registered << owned;
    };
    row("nobody", {}, 0, false, false, false);
    row("mine alone", {me}, me, true, true, true);
    row("mine through an earlier nexus too", {me, ghost}, ghost, true, true, true);
    row("a challenge beside me", {me, other}, me, true, true, false);
    row("registered, not holding", {me}, 0, false, true, false);
    row("my challenge beside the owner", {other, me}, other, false, true, false);
    row("the peer alone", {other}, other, false, false, false);
    row("holding without being listed", {}, me, true, false, false); // no target should say so; never ownership
    row("holding while only the peer is listed", {other}, me, true, false, false);
}

void ReservationTest::snapshots() {
    QFETCH(std::vector<std::uint64_t>, registrants);
    QFETCH(quint64, holder);
    QFETCH(bool, held);
    QFETCH(bool, registered);
    QFETCH(bool, ownedOnly);
    ReservationSnapshot snapshot;
    for (const std::uint64_t key : registrants)
        snapshot.registrants.push_back({key});
    if (holder != 0) snapshot.holder = ReservationKey{holder};
    snapshot.type = holder != 0 ? ReservationType::WriteExclusive : ReservationType::None;
    QCOMPARE(snapshot.heldBy(mine), held);
    QCOMPARE(snapshot.registered(mine), registered);
    QCOMPARE(snapshot.ownedOnlyBy(mine), ownedOnly);
}

void ReservationTest::snapshotText() {
    ReservationSnapshot snapshot;
    QCOMPARE(toText(snapshot), std::string("generation 0, holder none, registrants none"));
    snapshot.generation = 3;
    snapshot.registrants = {mine};
    snapshot.holder = mine;
    snapshot.type = ReservationType::WriteExclusive;
    QCOMPARE(toText(snapshot), "generation 3, holder " + toText(mine) + " type 1, registrants " + toText(mine));
}

QTEST_APPLESS_MAIN(ReservationTest)
#include "reservation_test.moc"
