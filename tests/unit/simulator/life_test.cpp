// SPDX-License-Identifier: Apache-2.0
// A life is its plan; and what is left out of it makes no difference.
#include "life.h"
#include "world/calm.h"
#include "world/links.h"

#include <QTest>

using namespace dyad::simulator;

namespace {

constexpr std::uint64_t firstSeed = 1;
constexpr std::uint64_t lastSeed = 60;

QByteArray of(std::uint64_t seed, const Verdict& verdict) {
    return "seed " + QByteArray::number(static_cast<qulonglong>(seed)) + ": " + verdict.checker.c_str() + " " +
           verdict.what.c_str();
}

class Lines final : public Story {
public:
    void line(dyad::Duration, std::string_view) override { ++count; }
    std::size_t count = 0;
};

} // namespace

class LifeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void cleanup() {
        setCalmSkipped(true, true);
        setEveryDatagramSealed(false);
    }

    void theSamePlanIsTheSameLife() {
        for (std::uint64_t seed = firstSeed; seed <= lastSeed; ++seed) {
            const Plan plan = drawPlan(seed);
            const Verdict once = live(plan);
            QVERIFY2(once.kind == Verdict::Kind::Clean, of(seed, once).constData());
            QCOMPARE(live(plan).digest, once.digest);
        }
    }
    void aPlanThatWasWrittenDownIsTheSameLife() {
        for (std::uint64_t seed = firstSeed; seed <= lastSeed; ++seed) {
            const Plan plan = drawPlan(seed);
            const auto read = planFromText(toText(plan));
            QVERIFY(read.ok());
            QVERIFY(read.value() == plan);
        }
    }
    void whoeverListensChangesNothing() {
        Lines lines;
        const Plan plan = drawPlan(3);
        QCOMPARE(live(plan, &lines).digest, live(plan).digest);
        QVERIFY(lines.count > 10);
    }
    void everyDatagramThroughItsSealedBytesIsTheSameLife() {
        for (std::uint64_t seed = firstSeed; seed <= lastSeed; ++seed) {
            setEveryDatagramSealed(false);
            const std::uint64_t sampled = live(drawPlan(seed)).digest;
            setEveryDatagramSealed(true);
            QCOMPARE(live(drawPlan(seed)).digest, sampled);
        }
    }
    void aLifeWithItsCalmsIsCleanToo_data() {
        QTest::addColumn<bool>("hearts");
        QTest::newRow("only the hearts' calms left out") << true;
        QTest::newRow("no calm left out") << false;
    }
    void aLifeWithItsCalmsIsCleanToo() {
        QFETCH(const bool, hearts);
        setCalmSkipped(hearts, false);
        std::uint64_t beats = 0;
        for (std::uint64_t seed = firstSeed; seed <= lastSeed; ++seed) {
            const Verdict verdict = live(drawPlan(seed));
            QVERIFY2(verdict.kind == Verdict::Kind::Clean, of(seed, verdict).constData());
            beats += verdict.counts.heartbeats;
        }
        QVERIFY(beats > 0);
    }
    void theWallClockChangesNothing() {
        Plan plan = drawPlan(5);
        plan.faults.clear();
        const Verdict without = live(plan);
        plan.faults.push_back({.at = std::chrono::seconds(3), .kind = FaultKind::WallClockJump, .amount = 86'400});
        const Verdict with = live(plan);
        QCOMPARE(with.counts.takeovers, without.counts.takeovers);
        QCOMPARE(with.counts.switchovers, without.counts.switchovers);
        QVERIFY(with.kind == Verdict::Kind::Clean);
    }
    void aPowerFailureIsTakenOver() {
        Plan plan;
        plan.seed = 1;
        plan.faults.push_back(
            {.at = std::chrono::seconds(10), .kind = FaultKind::PowerOff, .lasts = std::chrono::seconds(10)});
        const Verdict verdict = live(plan);
        QVERIFY2(verdict.kind == Verdict::Kind::Clean, verdict.what.c_str());
        QCOMPARE(verdict.counts.takeovers, std::uint64_t{1});
        QVERIFY(verdict.counts.acknowledgedWrites > 0);
    }
    void badPlansAreRefusedWithTheirLine() {
        const char* bad[] = {"",
                             "seed=x",
                             "seed=1\nprofile=9",
                             "seed=1\nnonsense",
                             "seed=1\nfault",
                             "seed=1\nfault at_us=1 kind=flood",
                             "seed=1\nfault at_us=-1 kind=freeze",
                             "seed=1\nfault at_us=1 kind=freeze node=3",
                             "seed=1\nfault kind=freeze"};
        for (const char* text : bad)
            QVERIFY2(!planFromText(text).ok(), text);
        QVERIFY(QByteArray(planFromText("seed=1\nlinks=2\nprofile=9").error().text().c_str()).contains("line 3"));
    }
};

QTEST_APPLESS_MAIN(LifeTest)
#include "life_test.moc"
