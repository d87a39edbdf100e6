// SPDX-License-Identifier: Apache-2.0
// What goes onto a serial line comes off it, whatever is in it and whatever else is on the line.
#include "heart/serial_frame.h"

#include <QTest>

#include <algorithm>
#include <random>
#include <vector>

using namespace dyad;
using namespace dyad::heart;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes framed(const Bytes& datagram) {
    SerialFrame frame{};
    const std::size_t bytes = toSerialFrame(datagram, frame);
    return {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(bytes)};
}

std::vector<Bytes> readAll(SerialReader& reader, const Bytes& line) {
    std::vector<Bytes> found;
    for (const std::uint8_t byte : line)
        if (const auto datagram = reader.take(byte)) found.emplace_back(datagram->begin(), datagram->end());
    return found;
}

Bytes operator+(Bytes first, const Bytes& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

} // namespace

class SerialFrameTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theCheckIsTheOneOfEthernet() {
        const std::string text = "123456789";
        QCOMPARE(serialCheck(Bytes(text.begin(), text.end())), 0xcbf43926u);
    }

    // Held together with docs/WIRE.md.
    void aFrameLooksAsWritten() {
        QCOMPARE(framed({0x11, 0x00, 0x22}), (Bytes{0x00, 0x02, 0x11, 0x06, 0x22, 0xb1, 0x51, 0xc5, 0x37, 0x00}));
    }

    void whatGoesInComesOut() {
        std::mt19937 random(1);
        for (std::size_t size = 1; size <= wire::maxDatagramBytes; ++size)
            for (const int kind : {0, 1, 2}) { // only zeros, none, whatever comes
                Bytes datagram(size);
                for (std::uint8_t& byte : datagram)
                    byte = static_cast<std::uint8_t>(kind == 0 ? 0 : kind == 1 ? 1 + random() % 255 : random());
                const Bytes frame = framed(datagram);
                QVERIFY(frame.size() <= model::serialFrameBytes(size));
                QVERIFY(frame.front() == 0 && frame.back() == 0);
                QVERIFY(std::count(frame.begin(), frame.end(), 0) == 2);
                SerialReader reader;
                const std::vector<Bytes> found = readAll(reader, frame + frame);
                QCOMPARE(found.size(), std::size_t{2});
                QVERIFY(found[0] == datagram && found[1] == datagram);
                QCOMPARE(reader.broken(), std::uint64_t{0});
            }
    }

    void whoComesInTheMiddleIsInStepWithTheNext() {
        const Bytes datagram(200, 7);
        const Bytes frame = framed(datagram);
        for (std::size_t cut = 2; cut < frame.size(); ++cut) { // without its first zero it is whole
            SerialReader reader;
            const Bytes end(frame.begin() + static_cast<std::ptrdiff_t>(cut), frame.end());
            const std::vector<Bytes> found = readAll(reader, end + frame);
            QVERIFY(found.size() == 1 && found[0] == datagram);
        }
    }

    void everyChangedByteIsNoticed() {
        const Bytes datagram{1, 0, 2, 0, 0, 3, 4, 5, 6, 7, 8, 9};
        const Bytes frame = framed(datagram);
        for (std::size_t at = 0; at < frame.size(); ++at)
            for (int bit = 0; bit < 8; ++bit) {
                Bytes broken = frame;
                broken[at] = static_cast<std::uint8_t>(broken[at] ^ (1 << bit));
                SerialReader reader;
                for (const Bytes& found : readAll(reader, broken + frame))
                    QVERIFY(found == datagram); // never another one
            }
    }

    void noiseWithoutEndIsPassedOver() {
        SerialReader reader;
        QVERIFY(readAll(reader, Bytes(100'000, 0x55)).empty());
        QVERIFY(readAll(reader, {0}).empty());
        QCOMPARE(reader.broken(), std::uint64_t{1});
        QCOMPARE(readAll(reader, framed({1, 2, 3})).size(), std::size_t{1});
        // Too short for a check, lengths that point beyond the end, only zeros.
        for (const Bytes& bad : {Bytes{0, 1, 0}, Bytes{0, 2, 7, 0}, Bytes{0, 9, 1, 0}, Bytes{0, 255, 0}, Bytes(50, 0)})
            QVERIFY(readAll(reader, bad).empty());
        QCOMPARE(readAll(reader, framed({1, 2, 3})).size(), std::size_t{1});
    }

    void randomBytesGiveNothing() {
        std::mt19937 random(2);
        SerialReader reader;
        Bytes noise(1'000'000);
        for (std::uint8_t& byte : noise)
            byte = static_cast<std::uint8_t>(random() % 40 == 0 ? 0 : random());
        QVERIFY(readAll(reader, noise).empty()); // one in four thousand million would pass the check
    }

    void whatTheLineCarries() {
        QCOMPARE(model::serialHeartbeatBytes(0), std::size_t{96 + 4 + 1 + 2});
        QCOMPARE(maxSerialFrameBytes, model::serialHeartbeatBytes(model::maxGroups));
        QCOMPARE(model::serialTime(11520, 115200), Duration(1s));
        QVERIFY(model::serialFits(2, 115200, 20ms));
        QVERIFY(!model::serialFits(32, 115200, 20ms));
        QVERIFY(model::serialFits(32, 115200, 100ms));
        QVERIFY(model::serialFits(32, 9600, 1s));
    }
};

QTEST_GUILESS_MAIN(SerialFrameTest)
#include "serial_frame_test.moc"
