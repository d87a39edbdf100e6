// SPDX-License-Identifier: Apache-2.0
// Whose turn is it? Every fact that the judgement looks at is turned once, with all others as they are when a claim is
// made, and once when it is not.
#include "engine/judgement/claimant.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::NodeId;
using model::Role;

using Arrange = void (*)(Workplace&);
using Cause = std::optional<ClaimCause>;
using Deadline = std::optional<Instant>;
Q_DECLARE_METATYPE(Arrange)
Q_DECLARE_METATYPE(Cause)
Q_DECLARE_METATYPE(Deadline)

namespace {

constexpr Instant origin = Workplace::origin;
constexpr Cause nobody = ClaimCause::NobodyOwns;
constexpr Cause silent = ClaimCause::PeerSilent;
constexpr Cause released = ClaimCause::PeerReleased;
constexpr Cause useless = ClaimCause::PeerUseless;
constexpr Cause none = std::nullopt;
constexpr Deadline never = std::nullopt;
constexpr Duration wait = 1s; // Timeouts::startupWait of the profile

void preferPeer(Workplace& at) { at.configuration.groups[0].prefer = NodeId::Second; }
void serviceDead(Workplace& at) { at.state.peer.status.serviceAlive = false; }
void defended(Workplace& at) {
    at.state.peer.liveness = Liveness::Lost;
    at.erp().claim.notBefore = origin + 700ms;
    at.erp().claim.defended = true;
}
void later(Workplace& at) { at.now = origin + 10s; }

} // namespace

class ClaimantTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theGroupWithLuns_data();
    void theGroupWithLuns();
    void theGroupWithout_data();
    void theGroupWithout();
    void whoeverIsUnfitClaimsNothing_data();
    void whoeverIsUnfitClaimsNothing();
};

void ClaimantTest::theGroupWithLuns_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<Cause>("cause");
    QTest::addColumn<Deadline>("deadline");
    const auto row = [](const char* name, Arrange arrange, Cause cause, Deadline deadline = never) {
        QTest::newRow(name) << arrange << cause << deadline;
    };
    // Both live, nobody owns.
    row(
        "no preference: the first node", [](Workplace&) {}, nobody);
    row(
        "no preference: not the second node", [](Workplace& at) { at.self = NodeId::Second; }, none, origin + wait);
    row(
        "preferred here", [](Workplace& at) { at.configuration.groups[0].prefer = NodeId::First; }, nobody);
    row("preferred there", preferPeer, none, origin + wait);
    row(
        "preferred there, but nothing happens", [](Workplace& at) { preferPeer(at), at.now = origin + wait; }, nobody);
    row(
        "nothing happens since we gave it up",
        [](Workplace& at) { preferPeer(at), at.erp().since = origin + 400ms, at.now = origin + wait; }, none,
        origin + 400ms + wait);
    row(
        "nothing happens since we started",
        [](Workplace& at) { preferPeer(at), at.state.startedAt = origin + 400ms, at.now = origin + wait; }, none,
        origin + 400ms + wait);
    row(
        "handed over a moment ago", [](Workplace& at) { at.erp().handoverUntil = origin + 600ms; }, none,
        origin + 600ms);
    row(
        "handed over long ago", [](Workplace& at) { at.erp().handoverUntil = origin + 500ms; }, nobody);
    row(
        "the peer is unfit", [](Workplace& at) { at.word(at.erp()).unfit = true; }, none, origin + wait);
    row(
        "the peer is unfit since it came up",
        [](Workplace& at) {
            at.word(at.erp()).unfit = true, at.state.peer.since = origin + 300ms, at.now = origin + wait;
        },
        none, origin + 300ms + wait);
    row(
        "the peer is unfit since we started",
        [](Workplace& at) {
            at.word(at.erp()).unfit = true, at.state.startedAt = origin + 300ms, at.now = origin + wait;
        },
        none, origin + 300ms + wait);
    row(
        "the peer is unfit for good, though preferred",
        [](Workplace& at) { preferPeer(at), at.word(at.erp()).unfit = true, at.now = origin + wait; }, nobody);
    row(
        "no gateway here",
        [](Workplace& at) { later(at), at.state.gatewayKnown = true, at.state.gatewayReachable = false; }, none);
    row(
        "no gateway configured", [](Workplace& at) { at.state.gatewayKnown = false; }, nobody);
    row(
        "a gateway answers here", [](Workplace& at) { at.state.gatewayKnown = true; }, nobody);
    row(
        "a dead boot of the peer holds",
        [](Workplace& at) { preferPeer(at), at.held(Workplace::key(NodeId::Second, Workplace::deadBoot, 2)); }, nobody);
    row(
        "a dead boot of ours holds: the other node's turn",
        [](Workplace& at) { at.held(Workplace::key(NodeId::First, Workplace::deadBoot, 2)); }, none, origin + wait);
    row(
        "a dead boot of ours holds and nothing happens",
        [](Workplace& at) { at.held(Workplace::key(NodeId::First, Workplace::deadBoot, 2)), later(at); }, nobody);
    row(
        "a claim of the peer that its word doesn't know yet",
        [](Workplace& at) { at.held(Workplace::key(NodeId::Second, Workplace::peerBoot, 4)), later(at); }, none);
    row(
        "a claim of the peer that its word says is over",
        [](Workplace& at) { preferPeer(at), at.held(Workplace::key(NodeId::Second, Workplace::peerBoot, 3)); }, nobody);
    row(
        "a stranger holds", [](Workplace& at) { at.held({0x0bad'1000'0000'0100}), later(at); }, none);
    row(
        "a stranger holds the other LUN",
        [](Workplace& at) { at.erp().luns[1].snapshot.holder = model::ReservationKey{0x0bad'1000'0000'0100}; }, none);
    row(
        "what was read of the arbiter is forgotten",
        [](Workplace& at) {
            at.held(Workplace::key(NodeId::Second, Workplace::peerBoot, 4)), at.erp().luns[0].known = false;
        },
        nobody);
    row(
        "what was read of a stranger is forgotten",
        [](Workplace& at) { at.held({0x0bad'1000'0000'0100}), at.erp().luns[0].known = false; }, nobody);

    // The peer is silent.
    row(
        "never known", [](Workplace& at) { at.state.peer.liveness = Liveness::Unknown, later(at); }, none);
    row(
        "suspect", [](Workplace& at) { at.state.peer.liveness = Liveness::Suspect; }, silent);
    row(
        "lost", [](Workplace& at) { at.state.peer.liveness = Liveness::Lost; }, silent);
    row(
        "lost before it was ever heard",
        [](Workplace& at) { at.state.peer.liveness = Liveness::Lost, at.state.peer.everHeard = false; }, none,
        origin + wait);
    row(
        "lost before it was ever heard, and waited for",
        [](Workplace& at) {
            at.state.peer.liveness = Liveness::Lost, at.state.peer.everHeard = false, at.now = origin + wait;
        },
        silent);
    row(
        "lost, tried a moment ago",
        [](Workplace& at) { at.state.peer.liveness = Liveness::Lost, at.erp().claim.notBefore = origin + 700ms; }, none,
        origin + 700ms);
    row(
        "lost, tried long ago",
        [](Workplace& at) { at.state.peer.liveness = Liveness::Lost, at.erp().claim.notBefore = origin + 500ms; },
        silent);
    row(
        "defended, and the owner has let go since", [](Workplace& at) { defended(at); }, silent);
    row(
        "defended, and the owner still holds",
        [](Workplace& at) { defended(at), at.held(Workplace::key(NodeId::Second, Workplace::peerBoot, 3)); }, none,
        origin + 700ms);
    row(
        "defended, and nothing was read since", [](Workplace& at) { defended(at), at.erp().luns[0].known = false; },
        none, origin + 700ms);

    // Its heart lives, its service doesn't.
    row("service dead: it comes back", serviceDead, none, origin + 2 * wait);
    row(
        "service dead for long", [](Workplace& at) { serviceDead(at), at.now = origin + 2 * wait; }, nobody);
    row(
        "service dead, heard of a moment ago",
        [](Workplace& at) { serviceDead(at), at.state.peer.since = origin + 300ms, at.now = origin + 2 * wait; }, none,
        origin + 300ms + 2 * wait);
    row(
        "service dead, we started a moment ago",
        [](Workplace& at) { serviceDead(at), at.state.startedAt = origin + 300ms, at.now = origin + 2 * wait; }, none,
        origin + 300ms + 2 * wait);
    row(
        "service dead, its claim stands",
        [](Workplace& at) {
            serviceDead(at), later(at), at.held(Workplace::key(NodeId::Second, Workplace::peerBoot, 3));
        },
        none);
    row(
        "service dead, a key of ours stands",
        [](Workplace& at) {
            serviceDead(at), later(at), at.held(Workplace::key(NodeId::First, Workplace::deadBoot, 3));
        },
        nobody);
    row(
        "service dead, a dead boot of it holds",
        [](Workplace& at) {
            serviceDead(at), later(at), at.held(Workplace::key(NodeId::Second, Workplace::deadBoot, 3));
        },
        nobody);
    row(
        "service dead, the array was not read",
        [](Workplace& at) { serviceDead(at), later(at), at.erp().luns[0].known = false; }, none);
    row(
        "service dead, tried a moment ago",
        [](Workplace& at) { serviceDead(at), later(at), at.erp().claim.notBefore = at.now + 1s; }, none, origin + 11s);
    row(
        "service dead, its last word was: released",
        [](Workplace& at) { serviceDead(at), at.word(at.erp()).released = true; }, released);
    row(
        "service dead, it had released an earlier claim",
        [](Workplace& at) { serviceDead(at), at.word(at.erp()).released = true, at.erp().epoch = model::Epoch(4); },
        none, origin + 2 * wait);
    row(
        "service dead, released, tried a moment ago",
        [](Workplace& at) {
            serviceDead(at), at.word(at.erp()).released = true, at.erp().claim.notBefore = origin + 600ms;
        },
        none, origin + 600ms);
    row(
        "it speaks, but has no word on the group yet", [](Workplace& at) { at.state.peer.status.groups.clear(); }, none,
        origin + 2 * wait);

    // It speaks.
    row(
        "released", [](Workplace& at) { preferPeer(at), at.word(at.erp()).released = true; }, released);
    row(
        "released at a later epoch",
        [](Workplace& at) {
            preferPeer(at), at.word(at.erp()).released = true, at.word(at.erp()).epoch = model::Epoch(9);
        },
        released);
    row(
        "released, but we have tried since",
        [](Workplace& at) { preferPeer(at), at.word(at.erp()).released = true, at.erp().epoch = model::Epoch(4); },
        none, origin + wait);
    row(
        "released, and owns already again",
        [](Workplace& at) { at.word(at.erp()).released = true, at.word(at.erp()).role = Role::Starting, later(at); },
        none);
    row(
        "tried a moment ago", [](Workplace& at) { at.erp().claim.notBefore = origin + 600ms; }, none, origin + 600ms);
    row(
        "useless", [](Workplace& at) { at.word(at.erp()).useless = true, at.word(at.erp()).role = Role::Lost; },
        useless);
    row(
        "it claims", [](Workplace& at) { at.word(at.erp()).role = Role::Claiming, later(at); }, none);
    row(
        "it starts", [](Workplace& at) { at.word(at.erp()).role = Role::Starting, later(at); }, none);
    row(
        "it runs", [](Workplace& at) { at.word(at.erp()).role = Role::Active, later(at); }, none);
    row(
        "it stops", [](Workplace& at) { at.word(at.erp()).role = Role::Stopping, later(at); }, none);
    row(
        "it has lost it and isn't silent yet", [](Workplace& at) { at.word(at.erp()).role = Role::Lost, later(at); },
        none);
    row(
        "it has failed", [](Workplace& at) { at.word(at.erp()).role = Role::Failed, later(at); }, nobody);
}

void ClaimantTest::theGroupWithLuns() {
    QFETCH(Arrange, arrange);
    QFETCH(Cause, cause);
    QFETCH(Deadline, deadline);
    Workplace at;
    arrange(at);
    QVERIFY(at.ask([&](StepContext& step) { return claimCause(step, at.erp()); }) == cause);
    // Only a "no" must say when it may become a "yes".
    if (!cause) QVERIFY(at.deadline == deadline);
}

void ClaimantTest::theGroupWithout_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<Cause>("cause");
    const auto row = [](const char* name, Arrange arrange, Cause cause) { QTest::newRow(name) << arrange << cause; };
    row(
        "nobody owns", [](Workplace&) {}, nobody);
    row(
        "no array to challenge on: wait until the peer is lost",
        [](Workplace& at) { at.state.peer.liveness = Liveness::Suspect, later(at); }, none);
    row(
        "lost", [](Workplace& at) { at.state.peer.liveness = Liveness::Lost; }, silent);
    row(
        "defended once: nothing tells that the owner let go",
        [](Workplace& at) {
            at.state.peer.liveness = Liveness::Lost, at.web().claim.defended = true;
            at.web().claim.notBefore = origin + 1s;
        },
        none);
    row(
        "service dead: nothing tells that it runs there no more", [](Workplace& at) { serviceDead(at), later(at); },
        none);
    row(
        "no gateway here either",
        [](Workplace& at) {
            at.state.peer.liveness = Liveness::Lost, at.state.gatewayKnown = true, at.state.gatewayReachable = false;
        },
        none);
    row(
        "no gateway here either, but ordered to start alone",
        [](Workplace& at) {
            at.state.peer.liveness = Liveness::Lost, at.state.gatewayKnown = true, at.state.gatewayReachable = false;
            at.web().alone = true;
        },
        silent);
}

void ClaimantTest::theGroupWithout() {
    QFETCH(Arrange, arrange);
    QFETCH(Cause, cause);
    Workplace at;
    arrange(at);
    QVERIFY(at.ask([&](StepContext& step) { return claimCause(step, at.web()); }) == cause);
}

void ClaimantTest::whoeverIsUnfitClaimsNothing_data() {
    QTest::addColumn<Arrange>("arrange");
    const auto row = [](const char* name, Arrange arrange) { QTest::newRow(name) << arrange; };
    row("in maintenance", [](Workplace& at) { at.state.maintenance = true; });
    row("leaving", [](Workplace& at) { at.state.leaving = true; });
    row("about to be reset", [](Workplace& at) { at.state.fenceOrdered = true; });
    row("failed here", [](Workplace& at) { at.erp().role = Role::Failed; });
    row("set aside", [](Workplace& at) { at.erp().role = Role::Maintenance; });
    row("no path to the arbiter", [](Workplace& at) { at.erp().luns[0].pathUp = false; });
    row("no path to another LUN", [](Workplace& at) { at.erp().luns[1].pathUp = false; });
}

void ClaimantTest::whoeverIsUnfitClaimsNothing() {
    QFETCH(Arrange, arrange);
    Workplace at;
    QVERIFY(at.ask([&](StepContext& step) { return fitHere(step, at.erp()); }));
    arrange(at);
    QVERIFY(!at.ask([&](StepContext& step) { return fitHere(step, at.erp()); }));
    for (const Liveness liveness : {Liveness::Alive, Liveness::Lost}) {
        at.state.peer.liveness = liveness;
        QVERIFY(!at.ask([&](StepContext& step) { return claimCause(step, at.erp()); }));
    }
}

QTEST_GUILESS_MAIN(ClaimantTest)
#include "claimant_test.moc"
