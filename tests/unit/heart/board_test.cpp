// SPDX-License-Identifier: Apache-2.0
#include "heart/board.h"

#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <fstream>
#include <thread>

#include <unistd.h>

using namespace dyad;
using namespace dyad::heart;

namespace {

// Every word tells the same number: a mixture gives itself away.
struct Even {
    std::array<std::uint64_t, 100> words{};
    bool whole() const {
        for (const std::uint64_t word : words)
            if (word != words[0]) return false;
        return true;
    }
};

BoardHeader ownHeader(std::uint64_t boot) {
    BoardHeader header;
    header.boot = boot;
    header.processId = ::getpid();
    header.processStart = identify(::getpid())->start;
    return header;
}

} // namespace

class BoardTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aReaderNeverSeesAMixture() {
        Seqlock<Even> lock;
        std::atomic<bool> stop{false};
        std::thread writer([&] {
            Even value;
            for (std::uint64_t number = 1; !stop.load(std::memory_order_relaxed); ++number) {
                value.words.fill(number);
                lock.write(value);
            }
        });
        std::uint64_t last = 0;
        bool whole = true;
        bool forwards = true;
        int got = 0;
        while (got < 3000) {
            const auto value = lock.read();
            if (!value) continue; // the writer was busy for all attempts
            ++got;
            whole &= value->whole();
            forwards &= value->words[0] >= last;
            last = value->words[0];
            if (got % 100 == 0) std::this_thread::yield(); // one core will do
        }
        stop = true;
        writer.join();
        QVERIFY(whole);
        QVERIFY(forwards);
    }

    void aWriterThatDiedInTheMiddleIsNoticedAndSucceeded() {
        Seqlock<Even> lock;
        Even value;
        value.words.fill(7);
        lock.write(value);
        // What a writer leaves that is killed after its first word.
        auto* words = reinterpret_cast<std::atomic<std::uint64_t>*>(&lock);
        words[0].fetch_add(1);
        words[1].store(8);
        QVERIFY(!lock.read());
        value.words.fill(9);
        lock.write(value);
        QVERIFY(lock.read().has_value());
        QCOMPARE(lock.read()->words[99], std::uint64_t{9});
    }

    void bothSidesMeetOnIt() {
        QTemporaryDir directory;
        const std::string path = boardPath(directory.path().toStdString());
        auto made = Board::create(path, ownHeader(5));
        QVERIFY(made.ok());
        auto opened = Board::open(path, model::BootDigest(5));
        QVERIFY2(opened.ok(), opened.ok() ? "" : opened.error().text().c_str());
        BoardReport report;
        report.changes = 42;
        report.links[7].received = 43;
        made.value().writeReport(report);
        QCOMPARE(opened.value().readReport()->changes, std::uint64_t{42});
        QCOMPARE(opened.value().readReport()->links[7].received, std::uint64_t{43});
        QCOMPARE(made.value().readOrder()->published, std::uint64_t{0});
        BoardOrder order;
        order.published = 1;
        order.status.configurationDigest = 99;
        opened.value().writeOrder(order);
        QCOMPARE(made.value().readOrder()->status.configurationDigest, std::uint64_t{99});
    }

    void aStaleBoardIsRefused() {
        QTemporaryDir directory;
        const std::string path = boardPath(directory.path().toStdString());
        QVERIFY(!Board::open(path, model::BootDigest(5)).ok()); // none

        { const auto made = Board::create(path, ownHeader(5)); }
        QVERIFY(!Board::open(path, model::BootDigest(6)).ok()); // another boot

        BoardHeader dead = ownHeader(5);
        dead.processStart += 1; // the id was used again
        { const auto made = Board::create(path, dead); }
        const auto refused = Board::open(path, model::BootDigest(5));
        QVERIFY(!refused.ok());
        QVERIFY(refused.error().text().find("ended") != std::string::npos);

        dead.processId = 0;
        { const auto made = Board::create(path, dead); }
        QVERIFY(!Board::open(path, model::BootDigest(5)).ok());
    }

    void whatIsNoBoardIsRefused() {
        QTemporaryDir directory;
        const std::string path = boardPath(directory.path().toStdString());
        { std::ofstream(path) << "short"; }
        QVERIFY(!Board::open(path, model::BootDigest(5)).ok());
        { const auto made = Board::create(path, ownHeader(5)); }
        {
            std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
            file.put('X'); // the magic
        }
        QVERIFY(!Board::open(path, model::BootDigest(5)).ok());
        QVERIFY(!Board::peek(path));
        { const auto made = Board::create(path, ownHeader(5)); }
        {
            std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
            file.seekp(8);
            file.put(99); // the version
        }
        const auto other = Board::open(path, model::BootDigest(5));
        QVERIFY(!other.ok());
        QVERIFY(other.error().text().find("release") != std::string::npos);
    }

    void aNewBoardLeavesTheOldOneToItsReaders() {
        QTemporaryDir directory;
        const std::string path = boardPath(directory.path().toStdString());
        auto first = Board::create(path, ownHeader(5));
        BoardReport report;
        report.changes = 1;
        first.value().writeReport(report);
        const auto reader = Board::open(path, model::BootDigest(5));
        const auto second = Board::create(path, ownHeader(5));
        QVERIFY(second.ok());
        QCOMPARE(reader.value().readReport()->changes, std::uint64_t{1});
        QCOMPARE(Board::open(path, model::BootDigest(5)).value().readReport()->changes, std::uint64_t{0});
    }
};

QTEST_GUILESS_MAIN(BoardTest)
#include "board_test.moc"
