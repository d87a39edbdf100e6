// SPDX-License-Identifier: Apache-2.0
#include "base/byte_order.h"

#include "dies.h"

#include <QtTest>
#include <array>

using namespace dyad;

class ByteOrderTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void big();
    void little();
    void everyWidthComesBack();
    void theEndOfTheBufferIsKept();
};

void ByteOrderTest::big() {
    std::array<std::uint8_t, 8> bytes{};
    storeBig(std::span(bytes), std::uint64_t{0x0102030405060708});
    QCOMPARE(bytes, (std::array<std::uint8_t, 8>{1, 2, 3, 4, 5, 6, 7, 8}));
    storeBig(std::span(bytes), std::uint16_t{0xabcd});
    QCOMPARE(bytes, (std::array<std::uint8_t, 8>{0xab, 0xcd, 3, 4, 5, 6, 7, 8}));
    QCOMPARE(loadBig<std::uint32_t>(std::span<const std::uint8_t>(bytes).subspan(2)), 0x03040506U);
}

void ByteOrderTest::little() {
    std::array<std::uint8_t, 4> bytes{};
    storeLittle(std::span(bytes), std::uint32_t{0x01020304});
    QCOMPARE(bytes, (std::array<std::uint8_t, 4>{4, 3, 2, 1}));
    QCOMPARE(loadLittle<std::uint16_t>(std::span<const std::uint8_t>(bytes)), std::uint16_t(0x0304));
}

void ByteOrderTest::everyWidthComesBack() {
    std::array<std::uint8_t, 8> bytes{};
    const std::span<std::uint8_t> at(bytes);
    const auto back = [&](auto value) {
        using Number = decltype(value);
        storeBig(at, value);
        if (loadBig<Number>(at) != value) return false;
        storeLittle(at, value);
        return loadLittle<Number>(at) == value;
    };
    QVERIFY(back(std::uint8_t{0xfe}));
    QVERIFY(back(std::uint16_t{0xfedc}));
    QVERIFY(back(std::uint32_t{0xfedcba98}));
    QVERIFY(back(std::uint64_t{0xfedcba9876543210}));
    QVERIFY(back(std::uint64_t{0}));
}

void ByteOrderTest::theEndOfTheBufferIsKept() {
    QVERIFY(deathOf([] {
                std::array<std::uint8_t, 3> bytes{};
                storeBig(std::span<std::uint8_t>(bytes), std::uint32_t{1});
            }).aborted);
    QVERIFY(deathOf([] {
                const std::array<std::uint8_t, 7> bytes{};
                (void)loadLittle<std::uint64_t>(std::span<const std::uint8_t>(bytes));
            }).aborted);
}

QTEST_APPLESS_MAIN(ByteOrderTest)
#include "byte_order_test.moc"
