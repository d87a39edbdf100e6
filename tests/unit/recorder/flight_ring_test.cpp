// SPDX-License-Identifier: Apache-2.0
// The ring as a file: goes on, wraps, survives a SIGKILL, tells damage, never overwrites what it doesn't understand.
#include "recorder/flight/crc32c.h"
#include "recorder/flight/ring.h"
#include "recorder/flight/ring_scan.h"

#include "base/byte_order.h"
#include "recorded_life.h"

#include <QTest>

#include <csignal>
#include <cstring>
#include <fstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::test;
using recorder::FlightRing;
using recorder::RecordKind;
using recorder::RecordPlace;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes fileBytes(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(stream), {});
}

void writeBytes(const std::filesystem::path& path, const Bytes& bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

// A payload that says its number and has a length of its own.
Bytes payload(std::uint64_t number) {
    Bytes bytes(8 + number * 7919 % 300, static_cast<std::uint8_t>(number));
    storeLittle(std::span(bytes).first(8), number);
    return bytes;
}

// The zeros between two records belong to nothing: what is spoilt there is not missed.
std::uint64_t lastSealedUpTo(std::uint64_t at, const std::vector<RecordPlace>& records) {
    for (const RecordPlace& place : records)
        if (at >= place.at + place.payload && at < place.next) return place.at + place.payload - 1;
    return at;
}

std::vector<std::uint64_t> numbersIn(const Bytes& file) {
    const auto ring = std::span(file).subspan(recorder::flightHeaderBytes);
    std::vector<std::uint64_t> numbers;
    for (const RecordPlace& place : recorder::scanRing(ring)) {
        if (place.kind != RecordKind::Event) continue;
        numbers.push_back(loadLittle<std::uint64_t>(ring.subspan(place.at, 8)));
        const Bytes expected = payload(numbers.back());
        if (place.payload != expected.size() ||
            std::memcmp(ring.data() + place.at, expected.data(), expected.size()) != 0)
            return {};
    }
    return numbers;
}

bool consecutive(const std::vector<std::uint64_t>& numbers) {
    for (std::size_t i = 1; i < numbers.size(); ++i)
        if (numbers[i] != numbers[i - 1] + 1) return false;
    return !numbers.empty();
}

} // namespace

class FlightRingTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    unsigned m_files = 0;
    std::filesystem::path freshFile() {
        return m_folder.filePath(QStringLiteral("%1.ring").arg(++m_files)).toStdString();
    }
    static constexpr std::size_t small = recorder::minRingBytes;

private Q_SLOTS:
    // RFC 3720, appendix B.4.
    void crc32cGivesThePublishedValues() {
        const Bytes zeros(32, 0);
        const Bytes ones(32, 0xff);
        Bytes rising(32);
        for (std::size_t i = 0; i < rising.size(); ++i)
            rising[i] = static_cast<std::uint8_t>(i);
        QCOMPARE(recorder::crc32c(zeros), 0x8a9136aau);
        QCOMPARE(recorder::crc32c(ones), 0x62a8ab43u);
        QCOMPARE(recorder::crc32c(rising), 0x46dd794eu);
        QCOMPARE(recorder::crc32c(std::span(rising).subspan(13), recorder::crc32c(std::span(rising).first(13))),
                 0x46dd794eu);
    }

    void itWrapsAndKeepsTheNewest() {
        const auto file = freshFile();
        auto ring = FlightRing::open(file, small);
        QVERIFY(ring.ok());
        for (std::uint64_t i = 1; i <= 5000; ++i) {
            QVERIFY(ring.value().append(RecordKind::Event, payload(i)));
            if (i % 97 != 0) continue;
            const auto numbers = numbersIn(fileBytes(file)); // while it is being written
            QVERIFY(consecutive(numbers));
            QCOMPARE(numbers.back(), i);
        }
        QVERIFY(numbersIn(fileBytes(file)).size() > 200);
        QVERIFY(!ring.value().append(RecordKind::Event, Bytes(ring.value().maxPayload() + 1)));
    }

    void theNextServiceGoesOnBehindTheLast() {
        const auto file = freshFile();
        std::uint64_t number = 0;
        for (int life = 0; life < 40; ++life) {
            auto ring = FlightRing::open(file, small);
            QVERIFY(ring.ok());
            QVERIFY(ring.value().setAside().empty());
            for (int i = 0; i < 23; ++i)
                QVERIFY(ring.value().append(RecordKind::Event, payload(++number)));
        }
        const auto numbers = numbersIn(fileBytes(file));
        QVERIFY(consecutive(numbers));
        QCOMPARE(numbers.back(), number);
    }

    // Killed at any instant: everything up to the last whole record can be read, and the next life goes on there.
    void aKilledWriterLeavesWholeRecords() {
        const auto file = freshFile();
        std::uint64_t known = 0;
        for (int life = 0; life < 30; ++life) {
            int told[2];
            QCOMPARE(::pipe(told), 0);
            const pid_t child = ::fork();
            if (child == 0) {
                auto ring = FlightRing::open(file, small);
                if (!ring) ::_exit(1);
                for (std::uint64_t i = known + 1;; ++i) {
                    ring.value().append(RecordKind::Event, payload(i));
                    if (::write(told[1], &i, sizeof i) != sizeof i) ::_exit(1);
                }
            }
            ::close(told[1]);
            std::uint64_t last = 0;
            const std::uint64_t enough = known + 50 + static_cast<std::uint64_t>(life) * 37;
            while (last < enough && ::read(told[0], &last, sizeof last) == sizeof last) {
            }
            ::kill(child, SIGKILL);
            int status = 0;
            QCOMPARE(::waitpid(child, &status, 0), child);
            QVERIFY(WIFSIGNALED(status));
            while (::read(told[0], &last, sizeof last) == sizeof last) {
            }
            ::close(told[0]);
            const auto numbers = numbersIn(fileBytes(file));
            QVERIFY(consecutive(numbers));
            QVERIFY(numbers.back() >= last && numbers.back() <= last + 1);
            known = numbers.back();
        }
    }

    void whatItDoesNotUnderstandIsSetAside() {
        const auto file = freshFile();
        QVERIFY(FlightRing::open(file, small).ok());
        Bytes other = fileBytes(file);
        storeLittle(std::span(other).subspan(recorder::flightVersionAt, 4), std::uint32_t{99});
        writeBytes(file, other);
        {
            auto ring = FlightRing::open(file, small);
            QVERIFY(ring.ok());
            QCOMPARE(ring.value().setAside().string(), file.string() + ".version-99");
            QVERIFY(fileBytes(ring.value().setAside()) == other);
            QVERIFY(ring.value().append(RecordKind::Event, payload(1)));
        }
        {
            auto ring = FlightRing::open(file, small * 2);
            QVERIFY(ring.ok());
            QCOMPARE(ring.value().setAside().string(), file.string() + ".other-size");
        }
        writeBytes(file, Bytes(10, 'x'));
        auto ring = FlightRing::open(file, small);
        QVERIFY(ring.ok());
        QCOMPARE(ring.value().setAside().string(), file.string() + ".unreadable");
    }

    void whereNothingCanBeWrittenIsAnError() {
        const auto nowhere = FlightRing::open("/proc/no/such/folder/flight.ring", small);
        QVERIFY(!nowhere.ok());
        QVERIFY(nowhere.error().text().find("/proc/no/such/folder/flight.ring") != std::string::npos);
        // A full disk, as far as this process can tell.
        rlimit before{};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        const rlimit little{small / 2, before.rlim_max};
        std::signal(SIGXFSZ, SIG_IGN);
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &little), 0);
        const auto file = freshFile();
        const auto full = FlightRing::open(file, small);
        QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
        QVERIFY(!full.ok());
        QVERIFY(!std::filesystem::exists(file));
        QVERIFY(!std::filesystem::exists(file.string() + ".new"));
    }

    // Any single spoilt place: everything before it is used, and the reader is told.
    void aRecordingDamagedInTheMiddleIsUsedUpToTheDamage() {
        RecordedLife life(pairOfGroups());
        for (const model::NodeId node : model::bothNodes)
            life.world().host(node).powerOn();
        life.go(4s);
        const Bytes whole = fileBytes(life.file(model::NodeId::First));
        const auto well = recorder::parseRecording(whole, "whole");
        QVERIFY(well.ok());
        QCOMPARE(well.value().runs.size(), std::size_t(1));
        const std::uint64_t used = well.value().records.back().next;
        std::uint64_t all = 0;
        for (recorder::Replay replay(well.value(), well.value().runs.front()); replay.next();)
            all = replay.stepsTaken();
        std::uint64_t before = 0;
        unsigned tried = 0;
        for (std::uint64_t at = used / 20; at < used; at += used / 20, ++tried) {
            Bytes bad = whole;
            bad[recorder::flightHeaderBytes + lastSealedUpTo(at, well.value().records)] ^= 0x40;
            const auto recording = recorder::parseRecording(bad, "bad");
            if (!recording) continue; // the very first record: no run is left
            const recorder::Run& run = recording.value().runs.front();
            QVERIFY(run.damage.find("damaged") != std::string::npos);
            recorder::Replay replay(recording.value(), run);
            while (replay.next())
                ;
            QVERIFY(!replay.parting() && replay.trouble().empty());
            QVERIFY(replay.stepsTaken() < all);
            QVERIFY(replay.stepsTaken() >= before);
            before = replay.stepsTaken();
        }
        QVERIFY(tried > 10);
        QVERIFY(before > all / 2);
        // Cut short, and cut off in the header.
        const auto cut = recorder::parseRecording(
            std::span(whole).first(recorder::flightHeaderBytes + static_cast<std::size_t>(used / 2)), "cut");
        QVERIFY(cut.ok());
        QVERIFY(!cut.value().runs.front().damage.empty());
        QVERIFY(!recorder::parseRecording(std::span(whole).first(100), "short").ok());
        QVERIFY(!recorder::parseRecording({}, "empty").ok());
    }
};

QTEST_GUILESS_MAIN(FlightRingTest)
#include "flight_ring_test.moc"
