// SPDX-License-Identifier: Apache-2.0
// Which boot of the peer is believed, heartbeat by heartbeat.
#include "heart/peer_tracker.h"

#include <QTest>

using namespace dyad;
using namespace dyad::heart;
using model::NodeId;
using wire::RejectReason;

namespace {

constexpr model::BootDigest own{0xa1};
constexpr model::BootDigest first{0xb1};
constexpr model::BootDigest second{0xb2};

class Ear {
public:
    PeerTracker tracker{NodeId::First, own};
    Instant now = Instant::fromNanoseconds(5'000'000'000);

    Instant beat() {
        now = now + 20ms;
        tracker.beatSent(now);
        return now;
    }
    // A heartbeat of this boot of the peer, which echoes the beat that we sent then.
    PeerTracker::Judgement hears(model::BootDigest boot, std::uint64_t sequence, Instant echoed, std::uint8_t link = 0,
                                 model::BootDigest echoedBoot = own) {
        wire::Heartbeat heartbeat;
        heartbeat.sender = NodeId::Second;
        heartbeat.link = link;
        heartbeat.boot = boot;
        heartbeat.sequence = sequence;
        heartbeat.echo = {echoedBoot, echoed, Duration::zero()};
        return tracker.judge(link, heartbeat);
    }
};

bool isNews(const PeerTracker::Judgement& judgement) { return judgement.verdict == PeerTracker::Verdict::News; }
bool isReplay(const PeerTracker::Judgement& judgement) {
    return judgement.verdict == PeerTracker::Verdict::Rejected && judgement.reason == RejectReason::Replay;
}

} // namespace

class PeerTrackerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void onlyAnEchoOfABeatOfOursProvesABoot() {
        Ear ear;
        QVERIFY(!ear.tracker.isFresh({own, Instant(), Duration::zero()})); // none was sent yet
        const Instant sent = ear.beat();
        QVERIFY(ear.tracker.isFresh({own, sent, Duration::zero()}));
        QVERIFY(!ear.tracker.isFresh({own, sent - 1ns, Duration::zero()}));
        QVERIFY(!ear.tracker.isFresh({second, sent, Duration::zero()})); // an earlier boot of ours beat at the same time
        QVERIFY(!isNews(ear.hears(first, 7, sent, 0, second)));
        QVERIFY(!ear.tracker.everHeard());
        const auto judgement = ear.hears(first, 7, sent);
        QVERIFY(isNews(judgement) && judgement.newBoot);
        QVERIFY(ear.tracker.everHeard() && ear.tracker.boot() == first);
        QVERIFY(isNews(ear.hears(first, 8, sent)) && !ear.hears(first, 9, sent).newBoot);
    }

    void anEchoIsRememberedForSoManyBeats() {
        Ear ear;
        const Instant old = ear.beat();
        for (std::size_t i = 1; i < PeerTracker::rememberedBeats; ++i)
            ear.beat();
        QVERIFY(ear.tracker.isFresh({own, old, Duration::zero()}));
        ear.beat();
        QVERIFY(!ear.tracker.isFresh({own, old, Duration::zero()}));
    }

    void theLatestWordIsTheFirstOne() {
        Ear ear;
        QVERIFY(isNews(ear.hears(first, 0, ear.beat())));
        QCOMPARE(ear.tracker.latestSequence(), std::uint64_t{0});
    }

    void aBootGivesWayToALaterOneOnly() {
        Ear ear;
        const Instant sent = ear.beat();
        QVERIFY(isNews(ear.hears(first, 7, sent)));
        // It echoes what we had sent when we heard the other: that is no later boot.
        QVERIFY(isReplay(ear.hears(second, 1, sent)));
        QVERIFY(ear.tracker.boot() == first);
        QVERIFY(isNews(ear.hears(second, 1, ear.beat())));
        QVERIFY(ear.tracker.boot() == second);
        QCOMPARE(ear.tracker.latestSequence(), std::uint64_t{1});
    }

    void aBootThatIsOverStaysOver() {
        Ear ear;
        QVERIFY(isNews(ear.hears(first, 7, ear.beat())));
        QVERIFY(isNews(ear.hears(second, 1, ear.beat())));
        const Instant fresh = ear.beat();
        QVERIFY(isReplay(ear.hears(first, 8, fresh))); // whatever it echoes
        QVERIFY(ear.tracker.boot() == second);
    }

    void aLinkThatWasNeverHeardTakesNoPast() {
        Ear ear;
        const Instant sent = ear.beat();
        QVERIFY(isNews(ear.hears(first, 1000, sent, 0)));
        QVERIFY(isReplay(ear.hears(first, 1000 - wire::ReplayWindow::width, sent, 1)));
        QVERIFY(isNews(ear.hears(first, 1000 - wire::ReplayWindow::width + 1, sent, 1)));
        // One that was heard may lag behind the others as far as it likes.
        QVERIFY(isNews(ear.hears(first, 2000, sent, 0)));
        QVERIFY(isNews(ear.hears(first, 1001, sent, 1)));
        QCOMPARE(ear.tracker.latestSequence(), std::uint64_t{2000});
    }
};

QTEST_GUILESS_MAIN(PeerTrackerTest)
#include "peer_tracker_test.moc"
