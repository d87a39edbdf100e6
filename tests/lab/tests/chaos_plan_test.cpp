// SPDX-License-Identifier: Apache-2.0
// What of a campaign needs no lab: plans, the judgement of the appended file, of a status, and which faults may move a
// group.
#include "lab/chaos/append_record.h"
#include "lab/chaos/appender.h"
#include "lab/chaos/bound.h"
#include "lab/chaos/plan.h"
#include "lab/chaos/wholeness.h"
#include "lab/settings.h"

#include <QTest>

#include <set>

using namespace dyad;
using namespace dyad::lab;

class ChaosPlanTest : public QObject {
    Q_OBJECT

private:
    static Episode alone(FaultKind kind, const std::string& host, const std::string& link = {}) {
        return Episode{{PlannedFault{.kind = kind, .host = host, .lasts = 1s, .link = link}}};
    }

    static Duration gapOf(const std::vector<FaultSpan>& faults) {
        return boundsOf(faults, {}, engine::timeoutsOf(model::Profile::Standard)).gap;
    }

private Q_SLOTS:
    void theSameSeedDrawsTheSamePlan() {
        QVERIFY(drawPlan(7, 30, {}) == drawPlan(7, 30, {}));
        QVERIFY(!(drawPlan(7, 30, {}) == drawPlan(8, 30, {})));
    }

    // A plan is the same on every machine and compiler: these words were drawn once and are kept.
    void aPlanIsTheSameEverywhere() {
        const Plan plan = drawPlan(1, 1, {});
        QVERIFY(plan.episodes.size() > 3);
        QCOMPARE(toText(Plan{{plan.episodes[0], plan.episodes[1]}}),
                 std::string("episode\n"
                             "  at_ms=0 fault=loss host=standby lasts_ms=6803 link=public amount=48\n"
                             "episode\n"
                             "  at_ms=0 fault=loss host=owner lasts_ms=7799 link=all amount=43\n"));
    }

    void everyKindIsDrawnAndNoOther() {
        std::set<FaultKind> drawn;
        for (const auto& episode : drawPlan(3, 120, {}).episodes)
            for (const auto& fault : episode.faults)
                drawn.insert(fault.kind);
        QCOMPARE(drawn.size(), allFaultKinds().size());
        for (const auto& episode : drawPlan(3, 20, {FaultKind::Freeze, FaultKind::KillHeart}).episodes)
            for (const auto& fault : episode.faults)
                QVERIFY(fault.kind == FaultKind::Freeze || fault.kind == FaultKind::KillHeart);
    }

    void aPlanSurvivesItsText() {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            const Plan plan = drawPlan(seed, 10, {});
            const auto again = parsePlan("# A sentence.\n\n" + toText(plan), "plan");
            QVERIFY2(again.ok(), again ? "" : again.error().text().c_str());
            QVERIFY(again.value() == plan);
        }
    }

    void badPlansAreRefusedWithTheirPlace_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("told");
        QTest::newRow("nothing") << ""
                                 << "has no episode";
        QTest::newRow("no episode first") << "at_ms=0 fault=freeze host=owner"
                                          << "plan:1";
        QTest::newRow("unknown kind") << "episode\nat_ms=0 fault=flood host=owner"
                                      << "fault=flood";
        QTest::newRow("no kind") << "episode\nat_ms=0 host=owner"
                                 << "no fault=";
        QTest::newRow("unknown host") << "episode\nfault=freeze host=gamma"
                                      << "host=gamma";
        QTest::newRow("negative time") << "episode\nat_ms=-1 fault=freeze"
                                       << "at_ms=-1";
        QTest::newRow("no number") << "episode\nfault=freeze lasts_ms=1s"
                                   << "lasts_ms=1s";
        QTest::newRow("unknown link") << "episode\nfault=link_cut link=red"
                                      << "link=red";
        QTest::newRow("unknown key") << "episode\nfault=freeze speed=2"
                                     << "speed=2";
        QTest::newRow("no key") << "episode\nfault=freeze now"
                                << "now";
    }
    void badPlansAreRefusedWithTheirPlace() {
        QFETCH(QString, text);
        QFETCH(QString, told);
        const auto plan = parsePlan(text.toStdString(), "plan");
        QVERIFY(!plan.ok());
        QVERIFY2(plan.error().text().find(told.toStdString()) != std::string::npos, plan.error().text().c_str());
    }

    void theAppendedFileHoldsWhatWasAcknowledged() {
        const auto verdict = judgeAppended({{0, 9, 1}, {10, 14, 2}}, {}, {{0, 1}, {9, 1}, {10, 2}, {14, 2}});
        QCOMPARE(verdict.found, std::uint64_t(4));
        QCOMPARE(verdict.writers, std::uint64_t(2));
        QVERIFY(verdict.problems.empty());
    }
    void aLostRecordIsFoundOut() {
        QCOMPARE(judgeAppended({{0, 9, 1}}, {}, {{10, 1}}).problems.size(), std::size_t(1));
        QCOMPARE(judgeAppended({}, {}, {{0, 1}}).problems.size(), std::size_t(1));
    }
    void anOverwrittenRecordIsFoundOut() {
        QCOMPARE(judgeAppended({{0, 4, 1}, {5, 9, 2}}, {}, {{5, 1}}).problems.size(), std::size_t(1));
    }
    void twoWritersInTurnsAreFoundOut() {
        QCOMPARE(judgeAppended({{0, 4, 1}, {5, 6, 2}, {7, 9, 1}}, {}, {}).problems.size(), std::size_t(1));
    }
    void aTornRecordIsFoundOut() { QCOMPARE(judgeAppended({{0, 4, 1}}, {2}, {}).problems.size(), std::size_t(1)); }
    void aRecordIsWholeOnlyInItsPlaceAndUnchanged() {
        AppendRecord record;
        record.record = 5;
        record.seal();
        QVERIFY(record.isWhole(5));
        QVERIFY(!record.isWhole(6));
        record.filler[3] ^= 1;
        QVERIFY(!record.isWhole(5));
    }

    void linksAloneMoveNothing() {
        for (const char* group : {groupName, ledgerGroup}) {
            QVERIFY(!mayDisturb(alone(FaultKind::LinksCut, "-"), group));
            QVERIFY(!mayDisturb(alone(FaultKind::OneWay, ownerHost, allLinks), group));
            QVERIFY(!mayDisturb(alone(FaultKind::KillHeart, ownerHost), group));
            QVERIFY(!mayDisturb(alone(FaultKind::KillService, ownerHost), group));
            QVERIFY(!mayDisturb(alone(FaultKind::Loss, ownerHost, "private"), group));
            QVERIFY(mayDisturb(alone(FaultKind::Loss, ownerHost, "storage"), group));
            QVERIFY(mayDisturb(alone(FaultKind::PowerOff, ownerHost), group));
            QVERIFY(mayDisturb(alone(FaultKind::PowerOffBoth, "-"), group));
        }
        Episode undefended = alone(FaultKind::LinksCut, "-");
        undefended.faults.push_back({.kind = FaultKind::KillService});
        QVERIFY(mayDisturb(undefended, groupName));
    }
    void theStandbyAloneMovesNothingOfItsPeer() {
        QVERIFY(!mayDisturb(alone(FaultKind::PowerOff, standbyHost), groupName));
        QVERIFY(mayDisturb(alone(FaultKind::PowerOff, standbyHost), ledgerGroup)); // it may own that one
    }

    void theGapOfAFaultAloneIsItsWayBack() {
        const engine::Timeouts timeouts = engine::timeoutsOf(model::Profile::Standard);
        // However long it lasts: the peer answers.
        const Duration one = gapOf({{FaultKind::PowerOff, "alpha", "", 0s, 600s}});
        QCOMPARE(gapOf({{FaultKind::PowerOff, "alpha", "", 0s, 900s}}), one);
        QVERIFY(one > timeouts.preemptAfter() && one < 10s);
        // Nobody answers for a lost array, or for two hosts.
        QVERIFY(gapOf({{FaultKind::ArrayStop, "", "", 0s, 600s}}) > 600s);
        QVERIFY(gapOf({{FaultKind::PowerOffBoth, "", "", 0s, 600s}}) > 600s + timeouts.startupWait());
        QVERIFY(gapOf({{FaultKind::ArrayStop, "", "", 0s, 600s}}) < 630s);
    }

    // A switchover once took 7.1 s, because the peer's claim had been refused before; with 11 s nobody noticed.
    void anOrderedMoveIsQuick() {
        QVERIFY(gapOf({{FaultKind::Switchover, "alpha", "erp", 0s, 0s}}) < 7s);
        QVERIFY(gapOf({{FaultKind::Switchback, "beta", "erp", 0s, 0s}}) < 7s);
        QVERIFY(gapOf({{FaultKind::Shutdown, "alpha", "", 0s, 60s}}) < 7s);
    }

    // Clients followed a thawed owner for 53.7 s, and the bound of overlapping faults was too wide to notice.
    void theGapOfOverlappingFaultsIsBounded() {
        const Duration frozen =
            gapOf({{FaultKind::Freeze, "alpha", "", 0s, 2367ms}, {FaultKind::PublicPulled, "alpha", "", 536ms, 687ms}});
        QVERIFY2(frozen < 25s, toText(frozen).c_str());
        // Beta could serve all the time: what happens to alpha later adds nothing.
        QCOMPARE(gapOf({{FaultKind::PowerOff, "alpha", "", 0s, 60s}, {FaultKind::KillHeart, "beta", "", 50s, 50s}}),
                 gapOf({{FaultKind::PowerOff, "alpha", "", 0s, 60s}}));
        // But the second fault may cut the first way back short, and then the next one begins.
        QVERIFY(gapOf({{FaultKind::PowerOff, "alpha", "", 0s, 60s}, {FaultKind::PowerOff, "beta", "", 1s, 50s}}) > 50s);
        // A host that reset itself takes its time.
        const std::vector<FaultSpan> stuck{{FaultKind::StoragePulled, "alpha", "", 0s, 3s}};
        const engine::Timeouts timeouts = engine::timeoutsOf(model::Profile::Standard);
        QVERIFY(boundsOf(stuck, {.resets = 1}, timeouts).gap > boundsOf(stuck, {}, timeouts).gap);
    }

    // No plan of the campaigns has a bound that most of a minute without service would satisfy.
    void noDrawnEpisodeHasAWideBound() {
        const engine::Timeouts timeouts = engine::timeoutsOf(model::Profile::Standard);
        for (const auto& episode : drawPlan(7, 600, {}).episodes) {
            std::vector<FaultSpan> spans;
            for (const auto& fault : episode.faults) {
                const bool oneHost = fault.host == ownerHost || fault.host == standbyHost;
                spans.push_back({fault.kind,
                                 !oneHost                  ? ""
                                 : fault.host == ownerHost ? "alpha"
                                                           : "beta",
                                 fault.link, fault.at, fault.at + fault.lasts});
            }
            const Bounds bounds = boundsOf(spans, {}, timeouts);
            QVERIFY(bounds.gap >= bounds.back);
            QVERIFY2(bounds.gap < 53s, toText(Plan{{episode}}).c_str());
        }
    }

    void whatIsNotWellIsNamed() {
        const std::string well =
            R"({"node":"alpha","nodes":[{"name":"alpha","liveness":"alive","service_alive":true,"maintenance":false}],)"
            R"("links":[{"name":"private","liveness":"alive","peer_hears_us":true}],)"
            R"("groups":[{"name":"erp","own_role":"active","peer_role":"standby"}],)"
            R"("luns":[{"name":"array","path_up":true,"gate_open":true,"holder_name":"alpha",)"
            R"("reservation":{"holder":{},"registrants":[{}]}}]})";
        Wholeness whole;
        judgeStatus("alpha", well, whole);
        QVERIFY2(whole.whole(), whole.missing.empty() ? "" : whole.missing.front().c_str());
        const std::pair<const char*, const char*> troubles[] = {
            {R"("liveness":"alive","service_alive")", R"("liveness":"lost","service_alive")"},
            {R"("maintenance":false)", R"("maintenance":true)"},
            {R"("peer_hears_us":true)", R"("peer_hears_us":false)"},
            {R"("own_role":"active")", R"("own_role":"failed")"},
            {R"("peer_role":"standby")", R"("peer_role":"active")"},
            {R"("path_up":true)", R"("path_up":false)"},
            {R"("gate_open":true)", R"("gate_open":false)"},
            {R"("registrants":[{}])", R"("registrants":[{},{}])"},
            {R"("holder":{})", R"("holder":null)"},
        };
        for (const auto& [part, other] : troubles) {
            std::string ill = well;
            ill.replace(ill.find(part), std::string(part).size(), other);
            Wholeness found;
            judgeStatus("alpha", ill, found);
            QVERIFY2(found.missing.size() == 1, other);
        }
        Wholeness silent;
        judgeStatus("alpha", "", silent);
        QVERIFY(!silent.whole());
    }
};

QTEST_GUILESS_MAIN(ChaosPlanTest)
#include "chaos_plan_test.moc"
