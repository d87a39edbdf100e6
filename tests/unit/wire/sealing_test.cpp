// SPDX-License-Identifier: Apache-2.0
#include "wire/sealing.h"

#include "random_heartbeat.h"

#include <QFile>
#include <QTest>

#include <sodium.h>

#include <random>

using namespace dyad;
using namespace dyad::wire;

namespace {

constexpr std::uint16_t cluster = 0x1234;

ClusterKey countingKey() {
    ClusterKey key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i)
        key.bytes[i] = static_cast<std::uint8_t>(i);
    return key;
}

struct Sealed {
    Datagram bytes{};
    std::size_t size = 0;
    std::span<const std::uint8_t> all() const { return std::span(bytes).first(size); }
};

Sealed sealed(const Heartbeat& heartbeat, const ClusterKey& key = countingKey(),
              const Salt& salt = {1, 2, 3, 4, 5, 6}) {
    Sealed result;
    result.size = seal(heartbeat, key, salt, result.bytes);
    return result;
}

std::optional<RejectReason> refusal(std::span<const std::uint8_t> datagram, std::uint16_t ours = cluster) {
    const auto opened = unseal(datagram, countingKey(), ours);
    if (const auto* reason = std::get_if<RejectReason>(&opened)) return *reason;
    return std::nullopt;
}

std::array<std::uint8_t, 24> nonceOf(const Sealed& datagram) {
    std::array<std::uint8_t, 24> nonce{};
    std::copy_n(datagram.bytes.begin() + layout::bootAt, 16, nonce.begin());
    std::copy_n(datagram.bytes.begin() + layout::senderAt, 2, nonce.begin() + 16);
    std::copy_n(datagram.bytes.begin() + layout::saltAt, 6, nonce.begin() + 18);
    return nonce;
}

// Opened and sealed by hand, as docs/WIRE.md tells it, past everything that seal() would refuse.
std::vector<std::uint8_t> bodyOf(const Sealed& datagram) {
    std::vector<std::uint8_t> body(datagram.size - layout::headerBytes - layout::sealBytes);
    const int opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        body.data(), nullptr, nullptr, datagram.bytes.data() + layout::headerBytes, datagram.size - layout::headerBytes,
        datagram.bytes.data(), layout::headerBytes, nonceOf(datagram).data(), countingKey().bytes.data());
    return opened == 0 ? body : std::vector<std::uint8_t>();
}

std::vector<std::uint8_t> resealed(const Sealed& header, const std::vector<std::uint8_t>& body) {
    std::vector<std::uint8_t> datagram(layout::headerBytes + body.size() + layout::sealBytes);
    std::copy_n(header.bytes.begin(), layout::headerBytes, datagram.begin());
    crypto_aead_xchacha20poly1305_ietf_encrypt(datagram.data() + layout::headerBytes, nullptr, body.data(), body.size(),
                                               datagram.data(), layout::headerBytes, nullptr, nonceOf(header).data(),
                                               countingKey().bytes.data());
    return datagram;
}

// The heartbeats of tests/golden/. Spelt out, so that the files are checked against something that no code made.
Heartbeat smallest() {
    Heartbeat heartbeat;
    heartbeat.cluster = cluster;
    heartbeat.sender = model::NodeId::First;
    heartbeat.boot = model::BootDigest(0x0102030405060708);
    heartbeat.sequence = 1;
    heartbeat.sentAt = Instant::fromNanoseconds(1'000'000);
    return heartbeat;
}

Heartbeat telling() {
    Heartbeat heartbeat;
    heartbeat.cluster = cluster;
    heartbeat.sender = model::NodeId::Second;
    heartbeat.link = 1;
    heartbeat.boot = model::BootDigest(0xfedcba9876543210);
    heartbeat.sequence = 0x1122334455667788;
    heartbeat.sentAt = Instant::fromNanoseconds(123'456'789'012);
    heartbeat.echo =
        Echo{model::BootDigest(0x0102030405060708), Instant::fromNanoseconds(99'887'766), Duration(5'000'000)};
    heartbeat.hears = 0b11;
    model::NodeStatus status;
    status.serviceAlive = true;
    status.maintenance = true;
    status.configurationDigest = 0xa1a2a3a4a5a6a7a8;
    status.groups = {{model::Role::Active, model::Epoch(7), false, false, false, false, {}, 0x0a0b0c0d},
                     {model::Role::Standby, model::Epoch(0x01020304), true, true, true, true, {true, true, 0x1234}, 7}};
    heartbeat.status = toPlain(status);
    return heartbeat;
}

Heartbeat fullest() {
    Heartbeat heartbeat = telling();
    heartbeat.link = 7;
    heartbeat.hears = 0xff;
    model::NodeStatus status;
    status.serviceAlive = status.leaving = true;
    for (std::uint32_t i = 0; i < model::maxGroups; ++i)
        status.groups.push_back(
            {static_cast<model::Role>(i % 8), model::Epoch(1000 + i), i % 2 == 0, i % 3 == 0, i % 5 == 0, i % 7 == 0,
             {i % 11 == 0, i % 13 == 0, static_cast<std::uint16_t>(i)}, 1000 * i});
    heartbeat.status = toPlain(status);
    return heartbeat;
}

} // namespace

class SealingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QVERIFY(prepareSealing()); }

    void whatGoesInComesOut() {
        std::mt19937_64 random(1);
        for (int i = 0; i < 2000; ++i) {
            const Heartbeat heartbeat = randomHeartbeat(random, cluster);
            const Sealed datagram = sealed(heartbeat, countingKey(), randomSalt());
            QCOMPARE(datagram.size, minDatagramBytes + heartbeat.status.groupCount * layout::groupBytes);
            const auto opened = unseal(datagram.all(), countingKey(), cluster);
            QVERIFY(std::holds_alternative<Heartbeat>(opened));
            QVERIFY(std::get<Heartbeat>(opened) == heartbeat);
        }
    }

    void statusSurvivesBothForms() {
        std::mt19937_64 random(2);
        for (int i = 0; i < 2000; ++i) {
            const model::NodeStatus status = randomStatus(random);
            QVERIFY(toModel(toPlain(status)) == status);
        }
        PlainStatus plain;
        plain.groupCount = model::maxGroups + 1;
        QVERIFY(!toModel(plain));
        plain.groupCount = 1;
        plain.groups[0].role = 8;
        QVERIFY(!toModel(plain));
    }

    void everyFlippedBitIsRefused() {
        for (const Heartbeat& heartbeat : {smallest(), telling(), fullest()}) {
            Sealed datagram = sealed(heartbeat);
            for (std::size_t bit = 0; bit < datagram.size * 8; ++bit) {
                datagram.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
                QVERIFY2(refusal(datagram.all()).has_value(), qPrintable(QString("bit %1").arg(bit)));
                datagram.bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
            }
            QVERIFY(!refusal(datagram.all()));
        }
    }

    void everyOtherLengthIsRefused() {
        const Sealed datagram = sealed(fullest());
        for (std::size_t length = 0; length < datagram.size; ++length) {
            const auto reason = refusal(datagram.all().first(length));
            QVERIFY(reason.has_value());
            if (length < minDatagramBytes) QCOMPARE(*reason, RejectReason::Truncated);
        }
        std::vector<std::uint8_t> longer(datagram.bytes.begin(), datagram.bytes.end());
        longer.push_back(0);
        QCOMPARE(*refusal(longer), RejectReason::Oversize);
        longer.resize(65507);
        QCOMPARE(*refusal(longer), RejectReason::Oversize);
    }

    void eachReasonIsNamed() {
        const Sealed good = sealed(telling());
        Sealed bad = good;
        bad.bytes[layout::magicAt] = 'X';
        QCOMPARE(*refusal(bad.all()), RejectReason::NotAHeartbeat);
        bad = good;
        bad.bytes[layout::versionAt] = layout::version + 1;
        QCOMPARE(*refusal(bad.all()), RejectReason::UnknownVersion);
        QCOMPARE(*refusal(good.all(), cluster + 1), RejectReason::ForeignCluster);
        ClusterKey other = countingKey();
        other.bytes[31] ^= 1;
        QCOMPARE(*refusal(sealed(telling(), other).all()), RejectReason::Forged);
    }

    // Sealed with the right key by something that isn't Dyad, or is a later one.
    void aSealThatHidesNonsenseIsMalformed() {
        const Sealed honest = sealed(telling());
        const std::vector<std::uint8_t> body = bodyOf(honest);
        QVERIFY(!refusal(resealed(honest, body)));
        const auto with = [&](std::size_t at, std::uint8_t byte) {
            std::vector<std::uint8_t> changed = body;
            changed[at] = byte;
            return refusal(resealed(honest, changed));
        };
        QCOMPARE(with(layout::echoHeldAt + 7, 0x80), RejectReason::Malformed); // held for a negative time
        QCOMPARE(with(layout::statusFlagsAt, 0x08), RejectReason::Malformed);
        QCOMPARE(with(layout::groupCountAt, 1), RejectReason::Malformed);
        QCOMPARE(with(layout::groupCountAt, 3), RejectReason::Malformed);
        QCOMPARE(with(layout::groupCountAt, 255), RejectReason::Malformed);
        for (std::size_t i = 0; i < layout::bodyReservedBytes; ++i)
            QCOMPARE(with(layout::bodyReservedAt + i, 1), RejectReason::Malformed);
        QCOMPARE(with(layout::groupsAt + layout::groupRoleAt, 8), RejectReason::Malformed);
        QCOMPARE(with(layout::groupsAt + layout::groupFlagsAt, 0x40), RejectReason::Malformed);

        Sealed other = honest;
        other.bytes[layout::senderAt] = 3;
        QCOMPARE(refusal(resealed(other, body)), RejectReason::Malformed);
        other = honest;
        other.bytes[layout::linkAt] = model::maxLinks;
        QCOMPARE(refusal(resealed(other, body)), RejectReason::Malformed);
        other = honest;
        std::fill_n(other.bytes.begin() + layout::bootAt, 8, std::uint8_t{0});
        QCOMPARE(refusal(resealed(other, body)), RejectReason::Malformed);
    }

    void anySealedBytesAreSurvived() {
        std::mt19937_64 random(4);
        const Sealed honest = sealed(fullest());
        const std::vector<std::uint8_t> good = bodyOf(honest);
        int believed = 0;
        for (int i = 0; i < 20000; ++i) {
            std::vector<std::uint8_t> body = good;
            if (i % 2 == 0) {
                body.resize(random() % (maxDatagramBytes + 20));
                for (std::uint8_t& byte : body)
                    byte = static_cast<std::uint8_t>(random());
            } else {
                body[random() % body.size()] = static_cast<std::uint8_t>(random());
            }
            const std::vector<std::uint8_t> datagram = resealed(honest, body);
            const auto opened = unseal(datagram, countingKey(), cluster);
            const auto* heartbeat = std::get_if<Heartbeat>(&opened);
            if (heartbeat == nullptr) continue;
            // What is believed is just what would be sent.
            ++believed;
            const Sealed again = sealed(*heartbeat);
            QVERIFY(std::equal(datagram.begin(), datagram.end(), again.all().begin(), again.all().end()));
        }
        QVERIFY(believed > 1000);
    }

    void anyBytesAreSurvived() {
        std::mt19937_64 random(3);
        std::vector<std::uint8_t> bytes;
        for (int i = 0; i < 20000; ++i) {
            bytes.resize(random() % (maxDatagramBytes + 40));
            for (std::uint8_t& byte : bytes)
                byte = static_cast<std::uint8_t>(random());
            // Half of them get past the first questions.
            if (bytes.size() >= layout::headerBytes && i % 2 == 0) {
                const Sealed good = sealed(smallest());
                std::copy_n(good.bytes.begin(), layout::saltAt, bytes.begin());
            }
            QVERIFY(refusal(bytes).has_value());
        }
    }

    void goldenVectors_data() {
        QTest::addColumn<int>("which");
        QTest::newRow("heartbeat_smallest") << 0;
        QTest::newRow("heartbeat_telling") << 1;
        QTest::newRow("heartbeat_fullest") << 2;
    }
    void goldenVectors() {
        QFETCH(int, which);
        const Heartbeat heartbeat = which == 0 ? smallest() : which == 1 ? telling() : fullest();
        const Sealed datagram = sealed(heartbeat);
        const QByteArray made(reinterpret_cast<const char*>(datagram.bytes.data()),
                              static_cast<qsizetype>(datagram.size));

        const QString path = QString(DYAD_GOLDEN_DIRECTORY "/%1.hex").arg(QTest::currentDataTag());
        QFile file(path);
        QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(path));
        QByteArray digits;
        for (const QByteArray& line : file.readAll().split('\n'))
            if (!line.startsWith('#')) digits += line.simplified();
        const QByteArray golden = QByteArray::fromHex(digits);

        if (golden != made) qWarning("made: %s", made.toHex().constData());
        QVERIFY2(golden == made, "sealing writes other bytes than the golden vector: a new layout needs a new version");
        const auto opened = unseal(std::span(reinterpret_cast<const std::uint8_t*>(golden.constData()),
                                             static_cast<std::size_t>(golden.size())),
                                   countingKey(), cluster);
        QVERIFY(std::holds_alternative<Heartbeat>(opened));
        QVERIFY(std::get<Heartbeat>(opened) == heartbeat);
    }

    void costOfSealing() {
        const Heartbeat heartbeat = telling();
        Datagram out;
        QBENCHMARK { seal(heartbeat, countingKey(), {}, out); }
    }
    void costOfUnsealing() {
        const Sealed datagram = sealed(telling());
        QBENCHMARK { [[maybe_unused]] const auto opened = unseal(datagram.all(), countingKey(), cluster); }
    }
};

QTEST_GUILESS_MAIN(SealingTest)
#include "sealing_test.moc"
