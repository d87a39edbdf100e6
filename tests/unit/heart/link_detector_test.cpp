// SPDX-License-Identifier: Apache-2.0
#include "heart/link_detector.h"

#include "heart/lateness.h"
#include "heart/loss_window.h"

#include <QTest>

#include <random>
#include <set>

using namespace dyad;
using namespace dyad::heart;
using model::Liveness;

namespace {

constexpr Silence silence{60ms, 100ms};
Instant at(Duration sinceStart) { return Instant::fromNanoseconds(1'000'000'000) + sinceStart; }

} // namespace

class LinkDetectorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void silenceFromTheStartIsUnknownThenLost() {
        LinkDetector detector(silence, at(0ms));
        detector.timePassed(at(99ms));
        QCOMPARE(detector.liveness(), Liveness::Unknown); // never suspect: nobody was known
        QVERIFY(*detector.nextJudgement() == at(100ms));
        detector.timePassed(at(100ms));
        QCOMPARE(detector.liveness(), Liveness::Lost);
        QVERIFY(!detector.everHeard());
        QVERIFY(!detector.nextJudgement());
    }

    void silenceIsSuspectThenLostAtTheVeryInstant() {
        LinkDetector detector(silence, at(0ms));
        QVERIFY(!detector.everHeard());
        detector.heard(at(10ms));
        QVERIFY(detector.everHeard());
        QCOMPARE(detector.liveness(), Liveness::Alive);
        QVERIFY(*detector.nextJudgement() == at(70ms));
        detector.timePassed(at(70ms) - Duration(1));
        QCOMPARE(detector.liveness(), Liveness::Alive);
        detector.timePassed(at(70ms));
        QCOMPARE(detector.liveness(), Liveness::Suspect);
        QVERIFY(*detector.nextJudgement() == at(110ms));
        detector.timePassed(at(110ms) - Duration(1));
        QCOMPARE(detector.liveness(), Liveness::Suspect);
        detector.timePassed(at(110ms));
        QCOMPARE(detector.liveness(), Liveness::Lost);
    }

    void oneHeartbeatMakesItAliveAgain() {
        LinkDetector detector(silence, at(0ms));
        detector.heard(at(0ms));
        for (int round = 0; round < 10; ++round) { // a flapping link
            const Duration base = 1s * round;
            detector.heard(at(base));
            detector.timePassed(at(base + 60ms));
            QCOMPARE(detector.liveness(), Liveness::Suspect);
            detector.heard(at(base + 61ms));
            QCOMPARE(detector.liveness(), Liveness::Alive);
            detector.timePassed(at(base + 500ms));
            QCOMPARE(detector.liveness(), Liveness::Lost);
        }
    }

    void oldNewsDoesNotRejuvenate() {
        LinkDetector detector(silence, at(0ms));
        detector.heard(at(50ms));
        detector.heard(at(40ms));
        detector.timePassed(at(109ms));
        QCOMPARE(detector.liveness(), Liveness::Alive);
    }

    void ownAbsenceIsNotThePeersSilence() {
        LinkDetector detector(silence, at(0ms));
        detector.heard(at(10ms));
        detector.forgive(5s - 20ms, at(5s)); // the alarm of 20 ms rang at 5 s
        detector.timePassed(at(5s));
        QCOMPARE(detector.liveness(), Liveness::Alive);
        detector.timePassed(at(5s + 50ms));
        QCOMPARE(detector.liveness(), Liveness::Suspect); // 10 ms before, 50 ms after
        detector.timePassed(at(5s + 90ms));
        QCOMPARE(detector.liveness(), Liveness::Lost);
    }

    void forgivenessNeverReachesIntoTheFuture() {
        LinkDetector detector(silence, at(0ms));
        detector.heard(at(100ms));
        detector.forgive(10s, at(120ms));
        detector.timePassed(at(180ms));
        QCOMPARE(detector.liveness(), Liveness::Suspect);
    }

    void latenessKeepsTheWorst() {
        Lateness lateness;
        QVERIFY(lateness.woken(at(10ms), at(5ms)) == 0ms); // woken early by a datagram
        QVERIFY(lateness.woken(at(10ms), at(17ms)) == 7ms);
        QVERIFY(lateness.woken(at(20ms), at(21ms)) == 1ms);
        QVERIFY(lateness.worst() == 7ms);
    }

    void lossAgreesWithTheDumbOne() {
        for (std::uint64_t seed = 0; seed < 300; ++seed) {
            std::mt19937_64 random(seed);
            LossWindow window;
            std::set<std::uint64_t> arrived;
            const std::uint64_t first = 1'000'000 + seed;
            const unsigned keep = 1 + static_cast<unsigned>(random() % 100);
            window.received(first);
            arrived.insert(first);
            for (std::uint64_t sequence = first + 1; sequence < first + 300; ++sequence) {
                if (random() % 100 < keep) {
                    window.received(sequence);
                    arrived.insert(sequence);
                }
                const std::uint64_t highest = *arrived.rbegin();
                const std::uint64_t from = std::max(first, highest >= 99 ? highest - 99 : 0);
                std::uint64_t lost = 0;
                for (std::uint64_t s = from; s <= highest; ++s)
                    lost += arrived.contains(s) ? 0 : 1;
                QCOMPARE(window.ratio(0), static_cast<double>(lost) / static_cast<double>(highest - from + 1));
            }
        }
    }

    void lossGrowsWithSilenceAndForgetsARestart() {
        LossWindow window;
        QCOMPARE(window.ratio(50), 0.0); // nothing was ever expected
        for (std::uint64_t i = 1; i <= 100; ++i)
            window.received(i);
        QCOMPARE(window.ratio(0), 0.0);
        QCOMPARE(window.ratio(25), 0.25);
        QCOMPARE(window.ratio(1000), 1.0);
        window.received(50'000'000); // the sender's heart was started again
        QCOMPARE(window.ratio(0), 0.0);
        window.received(49'999'990); // an early one of it that was overtaken
        QCOMPARE(window.ratio(0), 9.0 / 11);
    }

    void aGapIsLossUntilItCanOnlyBeARestart() {
        LossWindow window;
        window.received(1);
        window.received(100'001);
        QCOMPARE(window.ratio(0), 0.99);
        window.received(200'002);
        QCOMPARE(window.ratio(0), 0.0);
    }

    void whatIsOvertakenIsNotLost() {
        LossWindow window;
        for (const std::uint64_t sequence : {10u, 13u, 12u, 11u})
            window.received(sequence);
        QCOMPARE(window.ratio(0), 0.0);
        window.received(8); // then more was expected than we knew
        QCOMPARE(window.ratio(0), 1.0 / 6);
        window.received(12); // twice
        QCOMPARE(window.ratio(0), 1.0 / 6);
        window.received(209);
        window.received(110);
        window.received(109); // too old to count
        window.received(50);
        QCOMPARE(window.ratio(0), 0.98);
    }
};

QTEST_GUILESS_MAIN(LinkDetectorTest)
#include "link_detector_test.moc"
