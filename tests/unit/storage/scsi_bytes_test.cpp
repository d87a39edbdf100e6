// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "base/byte_order.h"
#include "storage/reservations/persistent_reserve.h"

using namespace dyad;
using namespace dyad::storage;

class ScsiBytesTest : public QObject {
    Q_OBJECT

    static std::vector<std::uint8_t> bytes(std::initializer_list<int> list) { return {list.begin(), list.end()}; }

private Q_SLOTS:
    void senseInFixedFormat() {
        const auto sense = decodeSense(bytes({0x70, 0, 0x06, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 0x03, 0, 0, 0, 0}));
        QVERIFY((sense == Sense{0x06, 0x2a, 0x03}));
        QVERIFY(sense.reservationTaken() && !sense.afterReset());
        QCOMPARE(toText(sense), std::string("UNIT ATTENTION, reservations preempted (6/2a/03)"));
    }
    void senseInDescriptorFormat() {
        const auto sense = decodeSense(bytes({0x72, 0x05, 0x24, 0x00, 0, 0, 0, 0}));
        QVERIFY((sense == Sense{0x05, 0x24, 0x00}) && sense.illegalRequest());
    }
    void shortSenseIsNotReadPastItsEnd() {
        QVERIFY(decodeSense({}) == Sense{});
        QVERIFY((decodeSense(bytes({0x70, 0, 0x06})) == Sense{0x06, 0, 0}));
        QVERIFY(decodeSense(bytes({0x7f, 1, 2, 3})) == Sense{});
    }
    void reserveOutAsTheStandardHasIt() {
        const ScsiCommand command = reserveOutCommand(ReserveOut::Preempt, {0x1122334455667788}, {0x99aabbccddeeff00});
        const auto cdb = bytes({0x5f, 0x04, 0x01, 0, 0, 0, 0, 0, 24, 0});
        QCOMPARE(command.cdbLength, std::size_t{10});
        QVERIFY(std::equal(cdb.begin(), cdb.end(), command.cdb.begin()));
        QCOMPARE(command.dataOut, bytes({0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc,
                                         0xdd, 0xee, 0xff, 0,    0,    0,    0,    0,    0,    0,    0,    0}));
        QCOMPARE(int(reserveOutCommand(ReserveOut::Register, {1}, {2}).cdb[2]), 0);
    }
    void dataCommandsAsTheStandardHasThem() {
        const auto write = bytes({0x8a, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 8, 0, 0, 0});
        const ScsiCommand command = writeCommand(0x0102030405060708, 2048);
        QVERIFY(std::equal(write.begin(), write.end(), command.cdb.begin()));
        QCOMPARE(int(synchronizeCacheCommand().cdb[0]), 0x91);
        QCOMPARE(int(readCommand(0, 1, 512).cdb[0]), 0x88);
    }
    void keysAndWhatIsMissingOfThem() {
        auto answer = bytes({0, 0, 0, 7, 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2});
        const auto keys = decodeKeys(answer);
        QVERIFY(keys.ok());
        QCOMPARE(keys.value().generation, 7u);
        QCOMPARE(keys.value().keys.size(), std::size_t{2});
        QCOMPARE(keys.value().neededBytes, std::size_t{32});
        QVERIFY(!decodeKeys(bytes({0, 0, 0, 0})));
        QVERIFY(!decodeKeys(bytes({0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0})));
    }
    void reservations() {
        const auto none = decodeReservation(bytes({0, 0, 0, 3, 0, 0, 0, 0}));
        QVERIFY(none.ok() && !none.value().holder);
        auto held = bytes({0, 0, 0, 3, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0x01, 0, 0});
        const auto one = decodeReservation(held);
        QVERIFY(one.ok() && one.value().holder->value == 9 &&
                one.value().type == model::ReservationType::WriteExclusive);
        held.resize(12);
        QVERIFY(!decodeReservation(held));
    }
    void capacities() {
        std::vector<std::uint8_t> answer(32, 0);
        storeBig(std::span(answer), std::uint64_t{2047});
        storeBig(std::span(answer).subspan(8), std::uint32_t{4096});
        const auto capacity = decodeCapacity(answer);
        QVERIFY(capacity.ok() && capacity.value().blocks == 2048 && capacity.value().blockBytes == 4096);
        storeBig(std::span(answer).subspan(8), std::uint32_t{520});
        QVERIFY(!decodeCapacity(answer));
        storeBig(std::span(answer), ~std::uint64_t{0});
        storeBig(std::span(answer).subspan(8), std::uint32_t{512});
        QVERIFY(!decodeCapacity(answer));
        QVERIFY(!decodeCapacity({}));
    }
    void capabilities() {
        const auto capabilities = decodeCapabilities(bytes({0, 8, 0x01, 0x80, 0xea, 0x01, 0, 0}));
        QVERIFY(capabilities.ok() && capabilities.value().persistThroughPowerLoss &&
                capabilities.value().writeExclusive);
        QVERIFY(!capabilities.value().persistActivated);
        QVERIFY(toText(capabilities.value()).find("do not survive a power loss of the array (it could") !=
                std::string::npos);
        QVERIFY(!decodeCapabilities(bytes({0, 8, 1})));
        const auto other = decodeCapabilities(bytes({0, 8, 0x01, 0x81, 0xe8, 0x01, 0, 0}));
        QVERIFY(other.ok() && other.value().persistActivated && !other.value().writeExclusive);
        const auto unsaid = decodeCapabilities(bytes({0, 8, 0x01, 0x01, 0, 0, 0, 0}));
        QVERIFY(unsaid.ok() && unsaid.value().writeExclusive);
        QVERIFY(toText(unsaid.value()).find("keeps reservation keys over a power loss") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(ScsiBytesTest)
#include "scsi_bytes_test.moc"
