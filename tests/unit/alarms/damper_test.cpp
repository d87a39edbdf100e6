// SPDX-License-Identifier: Apache-2.0
#include "alarms/damper.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::alarms;
using model::Severity;

namespace {

Notice notice(bool raised, const std::string& alarm = "link.lost:public", Severity severity = Severity::Warning) {
    return {.raised = raised,
            .alarm = alarm,
            .severity = severity,
            .text = "the link is down",
            .cluster = "c",
            .node = "n"};
}

constexpr Instant start = Instant() + 100h;

// Lives through the time from `from` to `to`, waking up exactly when the damper asks for it.
std::vector<std::pair<Instant, Notice>> live(Damper& damper, Instant from, Instant to) {
    std::vector<std::pair<Instant, Notice>> told;
    for (auto next = damper.next(); next && *next <= to; next = damper.next()) {
        const Instant at = std::max(from, *next);
        const std::vector<Notice> due = damper.due(at);
        if (due.empty()) qFatal("the damper wakes up for nothing");
        for (const Notice& each : due)
            told.emplace_back(at, each);
    }
    return told;
}

} // namespace

class DamperTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void criticalGoesAtOnceTheRestAfterAMoment();
    void whatIsOverByThenIsKeptSilent();
    void aBlinkThatNeverStopsIsToldAllTheSame();
    void whatGetsWorseIsToldAtOnce();
    void theEndIsToldWhereTheBeginningWas();
    void nothingIsSaidTwice();
    void aFlappingDayGivesFewNoticesAndAnEnd();
    void aCriticalAlarmThatComesBackWaitsAMinuteAtMost();
    void linksOfALostPeerAreNotToldBesideIt();
    void aNewStoryBeginsAnew();
    void aRestartTellsOnlyWhatChanged();
    void inventedIdsAreForgotten();
};

void DamperTest::criticalGoesAtOnceTheRestAfterAMoment() {
    Damper damper;
    damper.note(start, notice(true));
    damper.note(start, notice(true, "group.failed:erp", Severity::Critical));
    const std::vector<Notice> now = damper.due(start);
    QCOMPARE(now.size(), 1U);
    QCOMPARE(now.front().alarm, std::string("group.failed:erp"));
    QVERIFY(damper.due(start + noticeHold - 1ns).empty());
    const std::vector<Notice> later = damper.due(start + noticeHold);
    QCOMPARE(later.size(), 1U);
    QCOMPARE(later.front(), notice(true));
    QVERIFY(!damper.next());
}

void DamperTest::whatIsOverByThenIsKeptSilent() {
    Damper damper;
    damper.note(start, notice(true));
    damper.note(start + noticeHold - 1ns, notice(false));
    QVERIFY(live(damper, start, start + 24h).empty());
}

void DamperTest::aBlinkThatNeverStopsIsToldAllTheSame() {
    Damper damper;
    std::vector<std::pair<Instant, Notice>> told;
    for (int i = 0; i < 30; ++i) {
        damper.note(start + i * 4s, notice(true));
        for (const auto& each : live(damper, start + i * 4s, start + i * 4s + 2s))
            told.push_back(each);
        damper.note(start + i * 4s + 2s, notice(false));
        for (const auto& each : live(damper, start + i * 4s + 2s, start + i * 4s + 4s))
            told.push_back(each);
    }
    QVERIFY(!told.empty());
    QVERIFY(told.front().second.raised);
    QVERIFY(told.front().second.changes >= changesThatTell);
    QVERIFY(told.size() <= 3);
}

void DamperTest::whatGetsWorseIsToldAtOnce() {
    Damper damper;
    damper.note(start, notice(true));
    QCOMPARE(damper.due(start + noticeHold).size(), 1U);
    damper.note(start + 6s, notice(true, "link.lost:public", Severity::Critical));
    const std::vector<Notice> worse = damper.due(start + 6s);
    QCOMPARE(worse.size(), 1U);
    QCOMPARE(worse.front().severity, Severity::Critical);
}

void DamperTest::theEndIsToldWhereTheBeginningWas() {
    Damper damper;
    damper.note(start, notice(true, "a", Severity::Critical));
    QCOMPARE(damper.due(start).size(), 1U);
    damper.note(start + 1h, notice(true, "a", Severity::Warning)); // less than was told
    damper.note(start + 2h, notice(false, "a", Severity::Warning));
    const auto told = live(damper, start + 2h, start + 24h);
    QCOMPARE(told.size(), 1U);
    QVERIFY(!told.front().second.raised);
    QCOMPARE(told.front().second.severity, Severity::Critical); // for whoever hears of nothing less
}

void DamperTest::nothingIsSaidTwice() {
    Damper damper;
    damper.note(start, notice(true));
    QCOMPARE(damper.due(start + noticeHold).size(), 1U);
    Notice otherWords = notice(true);
    otherWords.text = "the link is still down";
    damper.note(start + 10min, otherWords);
    QVERIFY(live(damper, start + 10min, start + 48h).empty());
}

void DamperTest::aFlappingDayGivesFewNoticesAndAnEnd() {
    for (const Duration half : {Duration(7s), Duration(30s), Duration(5min), Duration(10min)}) {
        Damper damper;
        std::vector<std::pair<Instant, Notice>> told;
        unsigned changes = 0;
        Instant at = start;
        for (bool raised = true; at < start + 24h; at = at + half, raised = !raised) {
            damper.note(at, notice(raised));
            ++changes;
            for (const auto& each : live(damper, at, at + half - 1ns))
                told.push_back(each);
        }
        damper.note(at, notice(false));
        ++changes;
        for (const auto& each : live(damper, at, at + 24h))
            told.push_back(each);
        // Of thousands of changes a handful of messages ...
        QVERIFY2(told.size() <= 12, qPrintable(QString::number(told.size())));
        // ... that keep count, never repeat each other, and end with the truth, soon.
        unsigned counted = 0;
        for (std::size_t i = 0; i < told.size(); ++i) {
            counted += told[i].second.changes;
            QCOMPARE(told[i].second.raised, i % 2 == 0);
        }
        QVERIFY(counted <= changes);
        QVERIFY(!told.back().second.raised);
        QVERIFY(told.back().first <= at + longestSettle);
    }
}

void DamperTest::aCriticalAlarmThatComesBackWaitsAMinuteAtMost() {
    Damper damper;
    std::vector<std::pair<Instant, Notice>> told;
    Instant at = start;
    for (int i = 0; i < 400; ++i, at = at + 40s) {
        damper.note(at, notice(i % 2 == 0, "group.failed:erp", Severity::Critical));
        for (const auto& each : live(damper, at, at + 40s - 1ns))
            told.push_back(each);
    }
    const std::size_t before = told.size();
    damper.note(at, notice(true, "group.failed:erp", Severity::Critical));
    const auto last = live(damper, at, at + longestCriticalSettle);
    QVERIFY(before < 20);
    QVERIFY((told.empty() ? last.front() : last.empty() ? told.back() : last.back()).second.raised);
}

void DamperTest::linksOfALostPeerAreNotToldBesideIt() {
    Damper damper;
    damper.note(start, notice(true, "link.lost:private"));
    damper.note(start, notice(true, "link.lost:public"));
    damper.note(start + 1s, notice(true, "peer.lost", Severity::Critical));
    auto told = live(damper, start + 1s, start + 10min);
    QCOMPARE(told.size(), 1U);
    QCOMPARE(told.front().second.alarm, std::string("peer.lost"));
    // The peer is back; one link is not.
    damper.note(start + 10min, notice(false, "peer.lost", Severity::Critical));
    damper.note(start + 10min, notice(false, "link.lost:private"));
    told = live(damper, start + 10min, start + 20min);
    QCOMPARE(told.size(), 2U);
    QCOMPARE(told[0].second.alarm, std::string("link.lost:public"));
    QVERIFY(told[0].second.raised);
    QCOMPARE(told[1].second.alarm, std::string("peer.lost"));
    QVERIFY(!told[1].second.raised);
}

void DamperTest::aNewStoryBeginsAnew() {
    Damper damper;
    Instant at = start;
    for (int i = 0; i < 200; ++i, at = at + 30s) {
        damper.note(at, notice(i % 2 == 0));
        (void)live(damper, at, at + 30s - 1ns);
    }
    (void)live(damper, at, at + 24h);
    damper.note(at + 24h, notice(true));
    const auto told = live(damper, at + 24h, at + 25h);
    QCOMPARE(told.size(), 1U);
    QCOMPARE(told.front().first, at + 24h + noticeHold);
    QCOMPARE(told.front().second.changes, 1U);
}

void DamperTest::aRestartTellsOnlyWhatChanged() {
    Damper before;
    before.note(start, notice(true, "stays"));
    before.note(start, notice(true, "ends"));
    before.note(start, notice(true, "over"));
    QCOMPARE(before.due(start + noticeHold).size(), 3U);
    before.note(start + 1min, notice(false, "over"));
    QCOMPARE(live(before, start + 1min, start + 1h).size(), 1U);
    QCOMPARE(before.told().size(), 2U);

    Damper after;
    after.recall(start + 2h, before.told());
    after.note(start + 2h + 1s, notice(true, "stays"));
    const auto told = live(after, start + 2h, start + 3h);
    QCOMPARE(told.size(), 1U);
    QCOMPARE(told.front().second.alarm, std::string("ends"));
    QVERIFY(!told.front().second.raised);
    QVERIFY(told.front().first >= start + 2h + recallGrace);
    QCOMPARE(after.told().size(), 1U);
}

void DamperTest::inventedIdsAreForgotten() {
    Damper damper;
    for (std::size_t i = 0; i < maxDamped + 200; ++i) {
        damper.note(start, notice(true, "invented:" + std::to_string(i)));
        (void)damper.due(start + noticeHold);
    }
    QCOMPARE(damper.told().size(), maxDamped);
}

QTEST_APPLESS_MAIN(DamperTest)
#include "damper_test.moc"
