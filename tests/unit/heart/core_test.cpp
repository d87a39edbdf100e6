// SPDX-License-Identifier: Apache-2.0
// Two cores, wires between them, and a clock that we turn.
#include "heart/core.h"

#include "dies.h"

#include <QTest>

#include <deque>
#include <functional>
#include <vector>

using namespace dyad;
using namespace dyad::heart;
using model::Liveness;
using model::NodeId;
using wire::RejectReason;

namespace {

constexpr std::uint16_t cluster = 9;
constexpr Duration heartbeat = 20ms;
constexpr model::BootDigest alphaBoot{0xa1};
constexpr model::BootDigest betaBoot{0xb1};

CoreSetup setupOf(NodeId self, model::BootDigest boot) { return {cluster, self, boot, 2, heartbeat, {60ms, 100ms}}; }

struct World {
    Instant now = Instant::fromNanoseconds(5'000'000'000);
    Core alpha{setupOf(NodeId::First, alphaBoot), now, 100};
    Core beta{setupOf(NodeId::Second, betaBoot), now, 900};
    // Whether a wire carries, by [sender][link].
    bool carries[2][2] = {{true, true}, {true, true}};
    std::vector<wire::Heartbeat> sentByBeta; // everything, for replays

    void send(Core& from, Core& to, int direction) {
        from.beginBeat(now);
        for (std::uint8_t link = 0; link < 2; ++link) {
            const wire::Heartbeat sent = from.heartbeatFor(link);
            if (direction == 1) sentByBeta.push_back(sent);
            if (carries[direction][link]) to.heard(now, link, sent);
        }
    }
    // Both beat, alpha first; then both judge.
    void round() {
        now = now + heartbeat;
        send(alpha, beta, 0);
        send(beta, alpha, 1);
        alpha.timePassed(now);
        beta.timePassed(now);
    }
    void rounds(int count) {
        for (int i = 0; i < count; ++i)
            round();
    }
    BoardReport report(const Core& core) const {
        BoardReport report;
        core.fill(report, now);
        return report;
    }
    Liveness liveness(const Core& core, std::size_t link) const {
        return static_cast<Liveness>(report(core).links[link].liveness);
    }
    bool peerHears(const Core& core, std::size_t link) const { return report(core).links[link].peerHearsUs != 0; }
    std::uint64_t rejectedBy(const Core& core, RejectReason reason) const {
        return report(core).rejectedBy[static_cast<std::size_t>(reason)];
    }
};

} // namespace

class CoreTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void twoHeartsFindEachOther() {
        World world;
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0});
        world.rounds(3);
        for (const Core* core : {&world.alpha, &world.beta})
            for (std::size_t link = 0; link < 2; ++link) {
                QCOMPARE(world.liveness(*core, link), Liveness::Alive);
                QVERIFY(world.peerHears(*core, link));
            }
        QCOMPARE(world.report(world.alpha).peerBoot, betaBoot.value);
        QCOMPARE(world.report(world.beta).peerBoot, alphaBoot.value);
        world.rounds(200);
        QCOMPARE(world.report(world.alpha).links[0].lossPerMillion, 0u);
        for (std::size_t reason = 0; reason < wire::rejectReasons; ++reason)
            QCOMPARE(world.report(world.alpha).rejectedBy[reason], std::uint64_t{0});
    }

    void roundTripLeavesOutTheTimeThatItWasHeld() {
        World world;
        world.rounds(2);
        // Alpha beats; 3 ms later beta has it; beta answers 7 ms later; that takes 5 ms.
        for (int i = 0; i < 100; ++i) {
            world.alpha.beginBeat(world.now);
            const wire::Heartbeat there = world.alpha.heartbeatFor(0);
            world.now = world.now + 3ms;
            world.beta.heard(world.now, 0, there);
            world.now = world.now + 7ms;
            world.beta.beginBeat(world.now);
            const wire::Heartbeat back = world.beta.heartbeatFor(0);
            world.now = world.now + 5ms;
            world.alpha.heard(world.now, 0, back);
        }
        const Duration measured(world.report(world.alpha).links[0].roundTrip);
        QVERIFY(measured > 7900us && measured < 8100us);
    }

    void roundTripsThatCantBeAreNotBelieved() {
        World world;
        world.rounds(2);
        // Alpha beats, beta holds it for 5 ms, and the way there and back takes `way`; the answer may be altered.
        const auto measure = [&](Duration way, const std::function<void(wire::Heartbeat&)>& alter = {}) {
            world.now = world.now + 1ms;
            world.alpha.beginBeat(world.now);
            world.beta.heard(world.now, 0, world.alpha.heartbeatFor(0));
            world.now = world.now + 5ms;
            world.beta.beginBeat(world.now);
            wire::Heartbeat back = world.beta.heartbeatFor(0);
            if (alter) alter(back);
            world.now = world.now + way;
            world.alpha.heard(world.now, 0, back);
            return Duration(world.report(world.alpha).links[0].roundTrip);
        };
        QVERIFY(measure(8ms) == 8ms);
        QVERIFY(measure(16ms) == 9ms); // one eighth of the news
        const Duration before = 7875us;
        QVERIFY(measure(0ms) == before);
        QVERIFY(measure(10s + 1ns) == before);
        QVERIFY(measure(1ms, [](wire::Heartbeat& back) { back.echo.held = 6ms + 1ns; }) ==
                before); // longer than it took
        QVERIFY(measure(1ms, [](wire::Heartbeat& back) { back.echo.sentAt = back.echo.sentAt - 1ns; }) == before);
        QVERIFY(measure(10s) == before + (10s - before) / 8);
    }

    void whoHasHeardNothingEchoesNothing() {
        World world;
        world.alpha.beginBeat(world.now);
        QVERIFY(world.alpha.heartbeatFor(0).echo == wire::Echo());
        const BoardReport before = world.report(world.alpha);
        QVERIFY(!before.links[0].peerHearsUs && !before.links[0].everHeard);
        // Any boot may have the digest 1.
        world.beta = Core(setupOf(NodeId::Second, model::BootDigest(1)), world.now, 1);
        world.rounds(3);
        QVERIFY(world.alpha.heartbeatFor(0).echo.boot == model::BootDigest(1));
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{1});
    }

    void noTwoBeatsSayTheSameTime() {
        World world;
        world.alpha.beginBeat(world.now + 5ms);
        const Instant first = world.alpha.heartbeatFor(0).sentAt;
        world.alpha.beginBeat(world.now + 5ms);
        QCOMPARE(world.alpha.heartbeatFor(0).sentAt, first + 1ns);
        world.alpha.beginBeat(world.now + 9ms);
        QCOMPARE(world.alpha.heartbeatFor(0).sentAt, world.now + 9ms);
    }

    void theReportSaysWhatWasHeardWhereAndWhen() {
        World world;
        world.rounds(50);
        const Instant lastHeard = world.now;
        BoardReport report = world.report(world.alpha);
        QCOMPARE(report.changes, world.alpha.changes());
        QVERIFY(report.changes > 0);
        QCOMPARE(report.beatAt, world.now.nanoseconds());
        QCOMPARE(report.linkCount, std::uint8_t{2});
        for (std::size_t link = 0; link < 2; ++link) {
            QVERIFY(report.links[link].everHeard == 1 && report.links[link].peerHearsUs == 1);
            QCOMPARE(report.links[link].lastHeard, lastHeard.nanoseconds());
            QCOMPARE(report.links[link].received, std::uint64_t{50});
        }
        world.now = world.now + 1ms;
        world.alpha.rejected(1, RejectReason::Forged);
        world.alpha.rejected(0, RejectReason::Oversize);
        report = world.report(world.alpha);
        QVERIFY(report.lastRejectedReason == static_cast<std::uint8_t>(RejectReason::Oversize));
        QCOMPARE(report.lastRejectedLink, std::uint8_t{0});
        world.alpha.rejected(1, RejectReason::Forged);
        report = world.report(world.alpha);
        QVERIFY(report.lastRejectedReason == static_cast<std::uint8_t>(RejectReason::Forged));
        QCOMPARE(report.lastRejectedLink, std::uint8_t{1});
        QCOMPARE(report.links[0].lastHeard, lastHeard.nanoseconds());
    }

    void whatIsOverdueIsLost() {
        World world;
        world.rounds(110);
        const auto lossAfter = [&](int beats) {
            BoardReport report;
            world.alpha.fill(report, world.now + beats * heartbeat);
            return report.links[0].lossPerMillion;
        };
        QCOMPARE(lossAfter(0), 0u);
        QCOMPARE(lossAfter(1), 0u); // it may be under way
        QCOMPARE(lossAfter(2), 10'000u);
        QCOMPARE(lossAfter(26), 250'000u);
        QCOMPARE(lossAfter(1000), 1'000'000u);
    }

    void aPeerThatIsOnlySuspectStillHearsUs() {
        World world;
        world.rounds(3);
        world.now = world.now + 60ms;
        world.alpha.timePassed(world.now);
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Suspect);
        QVERIFY(world.peerHears(world.alpha, 0));
    }

    void lossIsCountedAnewWithABoot() {
        World world;
        world.rounds(50);
        world.beta = Core(setupOf(NodeId::Second, model::BootDigest(0xb2)), world.now, 1);
        world.rounds(3);
        for (int i = 0; i < 200; ++i) {
            world.carries[1][1] = i % 4 != 0;
            world.round();
        }
        QCOMPARE(world.report(world.alpha).links[0].lossPerMillion, 0u);
        QCOMPARE(world.report(world.alpha).links[1].lossPerMillion, 250'000u);
    }

    void asManyLinksAsThereMayBe() {
        CoreSetup setup = setupOf(NodeId::First, alphaBoot);
        setup.links = model::maxLinks;
        CoreSetup other = setupOf(NodeId::Second, betaBoot);
        other.links = model::maxLinks;
        Instant now = Instant::fromNanoseconds(5'000'000'000);
        Core alpha(setup, now, 100);
        Core beta(other, now, 900);
        const auto beat = [&](Core& from, Core& to) {
            from.beginBeat(now);
            for (std::uint8_t link = 0; link < model::maxLinks; ++link)
                to.heard(now, link, from.heartbeatFor(link));
        };
        for (int i = 0; i < 4; ++i) {
            now = now + heartbeat;
            beat(alpha, beta);
            beat(beta, alpha);
        }
        QCOMPARE(alpha.heartbeatFor(0).hears, std::uint8_t{0xff});
        QVERIFY(*alpha.nextJudgement() == now + 60ms);
        alpha.woken(now + 1ms, now + 1s);
        now = now + 1s;
        alpha.timePassed(now);
        BoardReport report;
        alpha.fill(report, now);
        QCOMPARE(report.linkCount, std::uint8_t{model::maxLinks});
        for (const BoardLink& link : report.links)
            QVERIFY(link.peerHearsUs == 1 && static_cast<Liveness>(link.liveness) == Liveness::Alive);
        now = now + 100ms;
        alpha.timePassed(now);
        QVERIFY(!alpha.nextJudgement());
    }

    void aHeartIsNotSetUpOrUsedWrongly() {
        const auto dies = [](std::size_t links) {
            return deathOf([links] {
                       CoreSetup setup = setupOf(NodeId::First, alphaBoot);
                       setup.links = links;
                       const Core core(setup, Instant::fromNanoseconds(5), 1);
                   })
                .aborted;
        };
        QVERIFY(dies(0) && !dies(1) && !dies(model::maxLinks) && dies(model::maxLinks + 1));
        QVERIFY(deathOf([] {
                    World world;
                    world.beta.beginBeat(world.now);
                    wire::Heartbeat third = world.beta.heartbeatFor(0);
                    third.link = 2; // there are two
                    world.alpha.heard(world.now, 2, third);
                }).aborted);
        QVERIFY(deathOf([] { World().alpha.rejected(2, RejectReason::Forged); }).aborted);
    }

    void aOneWayLinkIsSeenByBoth() {
        World world;
        world.rounds(3);
        world.carries[0][1] = false; // what alpha sends on the second link is lost
        world.rounds(6);
        QCOMPARE(world.liveness(world.alpha, 1), Liveness::Alive);
        QVERIFY(!world.peerHears(world.alpha, 1));
        QCOMPARE(world.liveness(world.beta, 1), Liveness::Lost);
        QVERIFY(world.peerHears(world.beta, 1));
        QVERIFY(world.peerHears(world.alpha, 0));
    }

    void aSilentPeerNoLongerHearsUs() {
        World world;
        world.rounds(3);
        world.carries[1][0] = world.carries[1][1] = false;
        world.rounds(6);
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Lost);
        QVERIFY(!world.peerHears(world.alpha, 0));
        QVERIFY(!world.peerHears(world.alpha, 1));
    }

    void lossOnOneLinkIsCountedThere() {
        World world;
        world.rounds(3);
        for (int i = 0; i < 200; ++i) {
            world.carries[1][1] = i % 4 != 0;
            world.round();
        }
        QCOMPARE(world.report(world.alpha).links[0].lossPerMillion, 0u);
        QCOMPARE(world.report(world.alpha).links[1].lossPerMillion, 250'000u);
        QCOMPARE(world.liveness(world.alpha, 1), Liveness::Alive);
    }

    void statusTravelsAndIsToldOnce() {
        World world;
        world.rounds(3);
        const std::uint64_t before = world.alpha.changes();
        world.rounds(20);
        QCOMPARE(world.alpha.changes(), before); // heartbeats alone wake nobody
        model::NodeStatus status;
        status.serviceAlive = true;
        status.groups = {{model::Role::Active, model::Epoch(3)}};
        world.beta.setStatus(wire::toPlain(status));
        world.rounds(5);
        QCOMPARE(world.alpha.changes(), before + 1);
        QVERIFY(wire::toModel(world.report(world.alpha).peerStatus) == status);
    }

    void anOlderBeatThatOvertakesDoesNotTurnBackTheStatus() {
        World world;
        world.rounds(3);
        world.now = world.now + heartbeat;
        world.beta.beginBeat(world.now);
        const wire::Heartbeat slow = world.beta.heartbeatFor(1);
        wire::PlainStatus leaving;
        leaving.flags = wire::PlainStatus::leaving;
        world.beta.setStatus(leaving);
        world.beta.beginBeat(world.now);
        world.alpha.heard(world.now, 0, world.beta.heartbeatFor(0));
        world.alpha.heard(world.now, 1, slow);
        QVERIFY(world.report(world.alpha).peerStatus == leaving);
        QCOMPARE(world.rejectedBy(world.alpha, RejectReason::Replay), std::uint64_t{0});
    }

    void replaysReflectionsAndSwappedLinksAreCounted() {
        World world;
        world.rounds(3);
        const wire::Heartbeat recorded = world.sentByBeta.back();
        world.alpha.heard(world.now, recorded.link, recorded);
        QCOMPARE(world.rejectedBy(world.alpha, RejectReason::Replay), std::uint64_t{1});
        world.alpha.heard(world.now, 0, world.alpha.heartbeatFor(0));
        QCOMPARE(world.rejectedBy(world.alpha, RejectReason::OwnReflection), std::uint64_t{1});
        world.beta.beginBeat(world.now);
        world.alpha.heard(world.now, 0, world.beta.heartbeatFor(1));
        QCOMPARE(world.rejectedBy(world.alpha, RejectReason::WrongLink), std::uint64_t{1});
        QCOMPARE(world.report(world.alpha).links[0].rejected, std::uint64_t{2});
    }

    void replaysDoNotKeepADeadPeerAlive() {
        World world;
        world.rounds(100);
        world.carries[1][0] = world.carries[1][1] = false;
        for (int i = 0; i < 10; ++i) {
            for (const wire::Heartbeat& recorded : world.sentByBeta)
                if (recorded.link == 0 && recorded.sequence < 999) world.alpha.heard(world.now, 0, recorded);
            world.now = world.now + heartbeat;
            world.alpha.timePassed(world.now);
        }
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Lost);
    }

    void aNewBootIsTakenOnAndTheOldOneNeverComesBack() {
        World world;
        world.rounds(50);
        const std::vector<wire::Heartbeat> recorded = world.sentByBeta;
        world.beta = Core(setupOf(NodeId::Second, model::BootDigest(0xb2)), world.now,
                          1); // rebooted: sequence and clock start anew
        world.rounds(3);
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0xb2});
        const std::uint64_t rejectedBefore = world.rejectedBy(world.alpha, RejectReason::Replay);
        for (const wire::Heartbeat& old : recorded)
            world.alpha.heard(world.now, old.link, old);
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0xb2});
        QCOMPARE(world.rejectedBy(world.alpha, RejectReason::Replay), rejectedBefore + recorded.size());
    }

    void aRecordedBootIsNotBelievedByAHeartThatNeverKnewIt() {
        World world;
        world.rounds(50);
        const std::vector<wire::Heartbeat> recorded = world.sentByBeta;
        // Both reboot; somebody plays the recording to the new alpha before the new beta is there.
        world.alpha = Core(setupOf(NodeId::First, model::BootDigest(0xa2)), world.now, 1);
        world.beta = Core(setupOf(NodeId::Second, model::BootDigest(0xb2)), world.now, 1);
        for (const wire::Heartbeat& old : recorded) {
            world.alpha.beginBeat(world.now);
            world.alpha.heard(world.now, old.link, old);
        }
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0});
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Unknown);
        world.rounds(4);
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0xb2});
        // And now that the new one is known, the recording is called what it is.
        for (const wire::Heartbeat& old : recorded)
            if (old.echo.boot.value != 0) world.alpha.heard(world.now, old.link, old);
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0xb2});
        QVERIFY(world.rejectedBy(world.alpha, RejectReason::Replay) > 0);
    }

    // Its recorded heartbeats quote beats that alpha sent a moment ago, and yet it is over.
    void aBootThatWasNotHeardIsNotBelievedAfterALaterOne() {
        World world;
        world.rounds(50);
        world.beta = Core(setupOf(NodeId::Second, model::BootDigest(0xb2)), world.now, 1);
        std::vector<wire::Heartbeat> recorded;
        for (int i = 0; i < 3; ++i) {
            world.now = world.now + heartbeat;
            world.alpha.beginBeat(world.now);
            world.beta.heard(world.now, 0, world.alpha.heartbeatFor(0));
            world.beta.beginBeat(world.now);
            recorded.push_back(world.beta.heartbeatFor(0));
        }
        world.beta = Core(setupOf(NodeId::Second, model::BootDigest(0xb3)), world.now, 1);
        world.rounds(3);
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0xb3});
        for (const wire::Heartbeat& old : recorded)
            world.alpha.heard(world.now, 0, old);
        QCOMPARE(world.report(world.alpha).peerBoot, std::uint64_t{0xb3});
        world.rounds(3);
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Alive);
    }

    void aHeartStartedAgainWithinTheBootGoesOn() {
        World world;
        world.rounds(50);
        world.beta = Core(setupOf(NodeId::Second, betaBoot), world.now, 1'000'000);
        const std::uint64_t before = world.rejectedBy(world.alpha, RejectReason::Replay);
        world.rounds(3);
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Alive);
        QCOMPARE(world.liveness(world.beta, 0), Liveness::Alive);
        QCOMPARE(world.rejectedBy(world.alpha, RejectReason::Replay), before);
        QCOMPARE(world.report(world.alpha).links[0].lossPerMillion, 0u);
    }

    void queuedHeartbeatsAreReadBeforeSilenceIsJudged() {
        World world;
        world.rounds(3);
        // Alpha is stopped for a second; beta beats on, its heartbeats wait in the socket.
        std::vector<wire::Heartbeat> queued;
        const Instant due = world.now + heartbeat;
        for (int i = 0; i < 50; ++i) {
            world.now = world.now + heartbeat;
            world.beta.beginBeat(world.now);
            queued.push_back(world.beta.heartbeatFor(0));
        }
        world.alpha.woken(due, world.now);
        for (const wire::Heartbeat& each : queued)
            world.alpha.heard(world.now, 0, each);
        world.alpha.timePassed(world.now);
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Alive);
        QVERIFY(Duration(world.report(world.alpha).worstLateness) == 980ms);
        // The other link has nothing queued (its buffer was full, the machine was paused): not held against the peer at
        // once, but from here on.
        QCOMPARE(world.liveness(world.alpha, 1), Liveness::Alive);
        world.now = world.now + 100ms;
        world.alpha.timePassed(world.now);
        QCOMPARE(world.liveness(world.alpha, 1), Liveness::Lost);
    }

    void aLittleLatenessIsNotForgiven() {
        World world;
        world.rounds(3);
        for (int i = 0; i < 6; ++i) { // every alarm rings a heartbeat late; the peer is dead
            const Instant due = world.now + 10ms;
            world.now = world.now + 10ms + heartbeat;
            world.alpha.woken(due, world.now);
            world.alpha.timePassed(world.now);
        }
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Lost);
    }

    void nextJudgementIsTheEarliest() {
        World world;
        world.rounds(3);
        const Instant heardBoth = world.now;
        world.carries[1][1] = false;
        world.rounds(2);
        QVERIFY(*world.alpha.nextJudgement() == heardBoth + 60ms);
        world.now = *world.alpha.nextJudgement();
        world.alpha.timePassed(world.now);
        QCOMPARE(world.liveness(world.alpha, 1), Liveness::Suspect);
        QCOMPARE(world.liveness(world.alpha, 0), Liveness::Alive);
    }
};

QTEST_GUILESS_MAIN(CoreTest)
#include "core_test.moc"
