// SPDX-License-Identifier: Apache-2.0
// Taking a group, phase by phase: what each answer of the array and each word of the peer makes of a claim.
#include "engine/procedures/procedures.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::ClaimFrom;
using model::Liveness;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationKey;
using model::ReservationOutcome;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)

namespace {

constexpr ReservationKey stranger{0x0bad'1000'0000'0900};

// A claim that is under way, in the phase and for the cause that a test wants.
class Claim : public Workplace {
public:
    Claim(ClaimPhase phase, ClaimCause cause) {
        erp().role = Role::Claiming;
        erp().epoch = model::Epoch(4);
        erp().key = key(self, ownBoot, 4);
        erp().claim.phase = phase;
        erp().claim.cause = cause;
        erp().claim.windowFrom = now;
        if (cause == ClaimCause::PeerSilent) state.peer.liveness = Liveness::Lost;
        if (cause == ClaimCause::PeerUseless) {
            word(erp()).role = Role::Lost;
            word(erp()).useless = true;
        }
    }
    [[nodiscard]] LunRecord& lun(std::size_t i) { return erp().luns[i]; }
    // The array's answer to what was asked last of a LUN.
    void answers(std::size_t i, ReservationOutcome outcome, std::optional<ReservationKey> holder,
                 std::vector<ReservationKey> registrants = {}) {
        model::ReservationAnswer answer;
        answer.outcome = outcome;
        answer.readFrom = now - 1ms;
        if (holder && registrants.empty()) registrants = {*holder};
        answer.snapshot = {1, registrants, holder,
                           holder ? model::ReservationType::WriteExclusive : model::ReservationType::None};
        lun(i).answer = answer;
        lun(i).snapshot = answer.snapshot;
        lun(i).pending.reset();
    }
    void drive() {
        ask([&](StepContext& step) {
            driveClaim(step, erp());
            return 0;
        });
    }
    [[nodiscard]] std::vector<model::ReservationRequest> asked() const {
        std::vector<model::ReservationRequest> all;
        for (const Action& action : actions)
            if (const auto* request = std::get_if<model::ReservationRequest>(&action)) all.push_back(*request);
        return all;
    }
    // Two LUNs beside the arbiter.
    void oneMoreLun() {
        configuration.luns.resize(3);
        configuration.luns[2].name = "third";
        configuration.groups[0].luns.push_back(model::LunId(2));
        erp().luns.push_back(erp().luns[1]);
        lun(2).id = model::LunId(2);
    }
    // This one was won already.
    void wins(std::size_t i) {
        lun(i).provenEpoch = erp().epoch;
        lun(i).provenFrom = now;
    }
    [[nodiscard]] bool refusedFor(Duration pause) {
        return erp().role == Role::Standby && erp().claim.notBefore == now + pause;
    }
    const ReservationKey own = key(NodeId::First, ownBoot, 4);
    const ReservationKey peers = key(NodeId::Second, peerBoot, 3);
};

constexpr Duration soon = 100ms; // Timeouts::challengeWindow of the profile
constexpr Duration longer = 2s;  // Timeouts::rechallengeInterval

} // namespace

class ClaimTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aChallengeThatStandsOpensTheWindow();
    void aChallengeThatIsNotTaken();
    void whereNobodyIsToBeChallengedTheKeysAreRead();
    void theWindowWaitsForTimeAndForThePeersWord();
    void aPeerThatKeepsItEndsTheWindow();
    void afterReadingTheArbiterIsClaimed();
    void whatWasReadMayForbidIt();
    void anArbiterThatIsDefendedOrLost();
    void onlyAReadBackIsAWin();
    void theOthersFollowTheArbiter();
    void whatStrangersHoldIsNotAskedFor();
    void anOldProofIsLookedAtAgainBeforeAnythingStarts();
    void whatIsWonStartsAfresh();
    void aStrangerThatIsToGoIsTakenLikeNobody();
    void aLookThatTakesItsTimeCostsNoClaim();
    void onlyWhatWasRefusedIsAskedForAgain();
    void whatWasReleasedIsClaimedAtOnce();
    void aClaimWithoutAnArray();
    void whatEndsAClaim_data();
    void whatEndsAClaim();
    void aClaimThatHasTakenSomethingGoesOn();
    void afterAFreezeEverythingIsReadAnew();
};

void ClaimTest::aChallengeThatStandsOpensTheWindow() {
    Claim at(ClaimPhase::Challenging, ClaimCause::PeerSilent);
    at.answers(0, ReservationOutcome::Good, at.peers, {at.peers, at.own});
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Window);
    QCOMPARE(at.erp().claim.windowFrom, at.now - 1ms);
    QVERIFY(!at.lun(0).answer);
    QCOMPARE(at.asked().size(), std::size_t(1)); // the others are read meanwhile
    QCOMPARE(at.asked()[0].command, ReservationCommand::Read);
    QCOMPARE(at.asked()[0].lun, model::LunId(1));
}

void ClaimTest::aChallengeThatIsNotTaken() {
    for (const auto outcome : {ReservationOutcome::NoPath, ReservationOutcome::Late}) {
        Claim at(ClaimPhase::Challenging, ClaimCause::PeerSilent);
        at.answers(0, outcome, at.peers);
        at.drive();
        QVERIFY(at.refusedFor(soon)); // nothing was said against us
        QCOMPARE(at.asked().size(), std::size_t(1));
        QCOMPARE(at.asked()[0].command, ReservationCommand::Withdraw);
    }
    Claim refused(ClaimPhase::Challenging, ClaimCause::PeerSilent);
    refused.answers(0, ReservationOutcome::Refused, std::nullopt);
    refused.drive();
    QVERIFY(refused.refusedFor(longer));
    QVERIFY(refused.state.alarms.count("group.claim:erp") == 1);
    Claim foreign(ClaimPhase::Challenging, ClaimCause::PeerSilent);
    foreign.answers(0, ReservationOutcome::Good, stranger, {stranger, foreign.own});
    foreign.drive();
    QVERIFY(foreign.refusedFor(longer));
    QVERIFY(foreign.state.alarms.empty());
    QVERIFY(foreign.asked().size() == 1 && foreign.asked()[0].command == ReservationCommand::Withdraw);
    Claim unheard(ClaimPhase::Challenging, ClaimCause::PeerSilent); // who holds it now is not known
    unheard.answers(0, ReservationOutcome::NoPath, stranger);
    unheard.drive();
    QVERIFY(unheard.refusedFor(soon));
}

void ClaimTest::whereNobodyIsToBeChallengedTheKeysAreRead() {
    Claim nobody(ClaimPhase::Challenging, ClaimCause::PeerSilent);
    nobody.answers(0, ReservationOutcome::Conflict, std::nullopt);
    nobody.drive();
    QCOMPARE(nobody.erp().claim.phase, ClaimPhase::Reading);
    QCOMPARE(nobody.asked().size(), std::size_t(2));
    Claim taken(ClaimPhase::Challenging, ClaimCause::PeerSilent);
    taken.answers(0, ReservationOutcome::Conflict, taken.peers);
    taken.drive();
    QVERIFY(taken.refusedFor(longer));
}

void ClaimTest::theWindowWaitsForTimeAndForThePeersWord() {
    Claim at(ClaimPhase::Window, ClaimCause::PeerSilent);
    at.lun(0).snapshot.holder = at.peers;
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Window);
    QVERIFY(at.deadline == at.now + soon);
    at.now = at.now + soon;
    at.state.peer.liveness = Liveness::Suspect;
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Window); // not lost yet
    at.state.peer.liveness = Liveness::Lost;
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Arbiter);
    QCOMPARE(at.asked().size(), std::size_t(1));
    QCOMPARE(at.asked()[0].command, ReservationCommand::Claim);
    QVERIFY(at.asked()[0].from == ClaimFrom::Challenge && at.asked()[0].expectedHolder == at.peers);

    Claim useless(ClaimPhase::Window, ClaimCause::PeerUseless);
    useless.drive();
    QCOMPARE(useless.erp().claim.phase, ClaimPhase::Window); // it may still be writing: the window counts
    useless.now = useless.now + soon;
    useless.drive();
    QCOMPARE(useless.erp().claim.phase, ClaimPhase::Arbiter);
    Claim quiet(ClaimPhase::Window, ClaimCause::PeerUseless);
    quiet.word(quiet.erp()).useless = false;
    quiet.word(quiet.erp()).role = Role::Standby;
    quiet.drive();
    QCOMPARE(quiet.erp().claim.phase, ClaimPhase::Arbiter); // it says that it runs nothing any more
    Claim silencing(ClaimPhase::Window, ClaimCause::PeerUseless);
    silencing.word(silencing.erp()).useless = false;
    silencing.now = silencing.now + soon;
    silencing.drive();
    QCOMPARE(silencing.erp().claim.phase, ClaimPhase::Window); // lost, and says nothing of being useless yet
    Claim suspect(ClaimPhase::Window, ClaimCause::PeerUseless);
    suspect.state.peer.liveness = Liveness::Suspect; // what it said last may be over
    suspect.now = suspect.now + soon;
    suspect.drive();
    QCOMPARE(suspect.erp().claim.phase, ClaimPhase::Window);
}

void ClaimTest::aPeerThatKeepsItEndsTheWindow() {
    for (const Role role : {Role::Claiming, Role::Starting, Role::Active, Role::Stopping}) {
        Claim at(ClaimPhase::Window, ClaimCause::PeerSilent);
        at.state.peer.liveness = Liveness::Alive;
        at.word(at.erp()).role = role;
        at.drive();
        QCOMPARE(at.erp().role, Role::Standby);
        QCOMPARE(at.erp().claim.notBefore, Instant()); // should it fall silent once more, that is a new silence
        QCOMPARE(at.asked().size(), std::size_t(1));
        QCOMPARE(at.asked()[0].command, ReservationCommand::Withdraw);
    }
    Claim back(ClaimPhase::Window, ClaimCause::PeerSilent);
    back.state.peer.liveness = Liveness::Alive;
    back.state.peer.status.serviceAlive = false;
    back.drive();
    QCOMPARE(back.erp().role, Role::Standby); // its service comes back and adopts
    Claim useless(ClaimPhase::Window, ClaimCause::PeerUseless);
    useless.word(useless.erp()).role = Role::Active;
    useless.drive();
    QCOMPARE(useless.erp().role, Role::Claiming);
    Claim wordless(ClaimPhase::Window, ClaimCause::PeerSilent);
    wordless.state.peer.liveness = Liveness::Alive;
    wordless.state.peer.status.groups.clear();
    wordless.now = wordless.now + soon;
    wordless.drive();
    QCOMPARE(wordless.erp().claim.phase, ClaimPhase::Window);
}

void ClaimTest::afterReadingTheArbiterIsClaimed() {
    Claim at(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    at.lun(1).pending = PendingReservation{};
    at.drive();
    QVERIFY(at.asked().empty()); // one answer is still under way
    at.lun(1).pending.reset();
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Arbiter);
    QCOMPARE(at.asked().size(), std::size_t(1));
    QVERIFY(at.asked()[0].from == ClaimFrom::Nothing && !at.asked()[0].expectedHolder);
    QCOMPARE(at.asked()[0].epoch, model::Epoch(4));

    Claim later(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    later.lun(1).snapshot.registrants = {Workplace::key(NodeId::First, Workplace::deadBoot, 7)};
    later.drive();
    QCOMPARE(later.asked()[0].epoch, model::Epoch(8)); // later than what was read
    Claim foreign(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    foreign.lun(1).snapshot.registrants = {stranger};
    foreign.drive();
    QCOMPARE(foreign.asked()[0].epoch, model::Epoch(4)); // strangers count by themselves
    Claim again(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    again.lun(0).snapshot.registrants = {again.own};
    again.drive();
    QCOMPARE(again.asked()[0].epoch, model::Epoch(4)); // that is this very claim
}

void ClaimTest::whatWasReadMayForbidIt() {
    Claim away(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    away.lun(1).pathUp = false;
    away.drive();
    QVERIFY(away.refusedFor(soon));
    QVERIFY(away.asked().empty()); // no key of ours stands anywhere
    Claim unknown(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    unknown.lun(1).known = false;
    unknown.drive();
    QVERIFY(unknown.refusedFor(soon));
    Claim held(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    held.lun(1).snapshot.holder = Workplace::key(NodeId::Second, Workplace::peerBoot, 9);
    held.drive();
    QVERIFY(held.refusedFor(longer));
    Claim foreign(ClaimPhase::Reading, ClaimCause::PeerSilent);
    foreign.lun(1).snapshot.holder = stranger;
    foreign.drive();
    QVERIFY(foreign.refusedFor(longer));
    Claim follows(ClaimPhase::Reading, ClaimCause::PeerSilent);
    follows.lun(1).snapshot.holder = follows.peers; // whoever has the arbiter may take it
    follows.drive();
    QCOMPARE(follows.erp().claim.phase, ClaimPhase::Arbiter);
    Claim arbiter(ClaimPhase::Reading, ClaimCause::PeerSilent);
    arbiter.lun(0).snapshot.holder = arbiter.peers;
    arbiter.drive();
    QVERIFY(arbiter.refusedFor(longer));
}

void ClaimTest::anArbiterThatIsDefendedOrLost() {
    Claim defended(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    defended.answers(0, ReservationOutcome::Defended, defended.peers);
    defended.drive();
    QVERIFY(defended.refusedFor(longer) && defended.erp().claim.defended);
    QVERIFY(defended.asked().empty()); // there is nothing left to withdraw
    Claim session(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    session.answers(0, ReservationOutcome::Defended, session.peers, {session.peers, session.own});
    session.drive(); // the key stands: it was the session that went
    QVERIFY(session.refusedFor(soon) && !session.erp().claim.defended);
    Claim free(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    free.answers(0, ReservationOutcome::Conflict, std::nullopt);
    free.drive();
    QCOMPARE(free.erp().claim.phase, ClaimPhase::Reading);
    QCOMPARE(free.erp().claim.attempts, 1u);
    free.erp().claim.phase = ClaimPhase::Arbiter;
    free.erp().claim.attempts = 2;
    free.answers(0, ReservationOutcome::Conflict, std::nullopt);
    free.drive();
    QVERIFY(free.refusedFor(longer)); // three times is enough
    for (const bool registered : {false, true}) {
        Claim taken(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
        taken.answers(0, ReservationOutcome::Conflict, taken.peers,
                      registered ? std::vector{taken.peers, taken.own} : std::vector{taken.peers});
        taken.drive();
        QVERIFY(taken.refusedFor(longer)); // it was refused, whoever is listed
    }
}

void ClaimTest::onlyAReadBackIsAWin() {
    using Spoil = void (*)(Claim&);
    for (const Spoil spoil : {Spoil([](Claim& at) {
                                  at.answers(0, ReservationOutcome::Good, at.own, {at.own, at.peers});
                              }),
                              Spoil([](Claim& at) { at.answers(0, ReservationOutcome::Good, at.peers); }),
                              Spoil([](Claim& at) { at.answers(0, ReservationOutcome::Refused, at.own); }),
                              Spoil([](Claim& at) { at.answers(0, ReservationOutcome::Late, at.own); })}) {
        Claim at(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
        spoil(at);
        at.drive();
        QCOMPARE(at.erp().role, Role::Standby);
        QCOMPARE(at.lun(0).provenEpoch, model::Epoch());
    }
    Claim at(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    at.lun(0).fenced = true;
    at.answers(0, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Others);
    QVERIFY(at.lun(0).provenEpoch == model::Epoch(4) && at.lun(0).provenFrom == at.now - 1ms);
    QVERIFY(!at.lun(0).fenced && at.lun(0).lastLook == at.now);
}

void ClaimTest::theOthersFollowTheArbiter() {
    Claim at(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    at.lun(1).snapshot.holder = at.peers;
    at.answers(0, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.asked().size(), std::size_t(1));
    QVERIFY(at.asked()[0].lun == model::LunId(1) && at.asked()[0].expectedHolder == at.peers);
    at.answers(1, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().role, Role::Starting);

    Claim refused(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    refused.answers(0, ReservationOutcome::Good, refused.own);
    refused.lun(1).known = false;
    refused.lun(1).snapshot.holder = refused.peers; // of long ago
    refused.drive();
    QVERIFY(!refused.asked()[0].expectedHolder);
    for (int attempt = 1; attempt < 3; ++attempt) {
        refused.answers(1, ReservationOutcome::Conflict, refused.peers);
        refused.drive();
        QCOMPARE(refused.asked().size(), std::size_t(1));
        QCOMPARE(refused.asked()[0].command, ReservationCommand::Claim);
    }
    refused.state.peer.liveness = Liveness::Alive; // it is heard again, so that it knows what it has lost
    refused.answers(1, ReservationOutcome::Conflict, refused.peers);
    refused.drive();
    QCOMPARE(refused.erp().claim.phase, ClaimPhase::GivingBack);
    QCOMPARE(refused.asked().size(), std::size_t(1)); // only what was won is given back
    QVERIFY(refused.asked()[0].command == ReservationCommand::Release && refused.asked()[0].lun == model::LunId(0));
    refused.answers(0, ReservationOutcome::Good, std::nullopt);
    refused.drive();
    QVERIFY(refused.refusedFor(longer));
    QVERIFY(refused.state.alarms.count("group.claim:erp") == 1);
    for (const LunRecord& lun : refused.erp().luns)
        QVERIFY(!lun.answer && lun.provenEpoch == model::Epoch());
}

void ClaimTest::whatStrangersHoldIsNotAskedFor() {
    Claim at(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    at.lun(1).snapshot.holder = stranger;
    at.answers(0, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::GivingBack);
    // The peer is silent: were nobody to hold the arbiter, its late writes would be taken.
    QVERIFY(at.asked().empty());
    QVERIFY(std::count(at.actions.begin(), at.actions.end(), Action(CloseGate{model::LunId(0)})) == 1);
    at.drive();
    QCOMPARE(at.erp().role, Role::Standby);
}

void ClaimTest::anOldProofIsLookedAtAgainBeforeAnythingStarts() {
    const Duration verify = 200ms; // Timeouts::verifyInterval
    const auto winWith = [](Claim& at, Duration age) {
        at.lun(0).provenEpoch = at.erp().epoch;
        at.lun(0).provenFrom = at.now - age;
        at.lun(0).lastLook = at.now;
        at.answers(1, ReservationOutcome::Good, at.own);
        at.drive();
    };
    Claim fresh(ClaimPhase::Others, ClaimCause::PeerSilent);
    winWith(fresh, verify);
    QCOMPARE(fresh.erp().role, Role::Starting);
    QVERIFY(!fresh.erp().reprove && fresh.lun(0).provenFrom == fresh.now - verify);
    Claim old(ClaimPhase::Others, ClaimCause::PeerSilent);
    winWith(old, verify + 1ns);
    QCOMPARE(old.erp().role, Role::Starting);
    QVERIFY(old.erp().reprove && old.erp().reproveFrom == old.now);
    QCOMPARE(old.lun(0).provenFrom, old.now - verify - 1ns);
    QVERIFY(old.lun(0).lastLook == Instant() && old.lun(1).lastLook == Instant());
    Claim older(ClaimPhase::Others, ClaimCause::PeerSilent);
    winWith(older, 5s);
    QCOMPARE(older.lun(0).provenFrom, older.now - older.timeouts.leaseTerm() / 2); // the term to look in
    QCOMPARE(older.lun(1).provenFrom, older.now - 1ms);
}

void ClaimTest::whatIsWonStartsAfresh() {
    for (const auto& [cause, takeover] :
         {std::pair(ClaimCause::PeerSilent, true), std::pair(ClaimCause::PeerUseless, true),
          std::pair(ClaimCause::PeerReleased, false), std::pair(ClaimCause::NobodyOwns, false)}) {
        Claim at(ClaimPhase::Others, cause);
        GroupRecord& group = at.erp();
        group.released = true;
        group.asksUntil = at.now + 5s;
        group.alone = true;
        group.handoverUntil = at.now + 5s;
        group.resources.resize(1);
        group.resources[0].state = model::ResourceState::Stopped;
        group.resources[0].mustStop = true;
        group.resources[0].failures = {at.now};
        at.lun(0).provenEpoch = group.epoch;
        at.lun(0).provenFrom = at.now;
        at.answers(1, ReservationOutcome::Good, at.own);
        at.drive();
        QCOMPARE(group.role, Role::Starting);
        QCOMPARE(group.takeover, takeover);
        QVERIFY(!group.released && !group.asksUntil && !group.alone && group.handoverUntil == Instant());
        QVERIFY(!group.resources[0].mustStop && group.resources[0].failures.empty());
        QCOMPARE(group.wonAt, at.now);
    }
}

// An operator has confirmed whose key it is. That counts for one claim.
void ClaimTest::aStrangerThatIsToGoIsTakenLikeNobody() {
    Claim at(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    at.erp().evict = at.lun(0).snapshot.holder = at.lun(1).snapshot.holder = stranger;
    at.drive();
    QVERIFY(at.asked().size() == 1 && at.asked()[0].lun == model::LunId(0));
    QVERIFY(at.asked()[0].command == ReservationCommand::Claim && at.asked()[0].expectedHolder == stranger);
    at.answers(0, ReservationOutcome::Good, at.own);
    at.drive();
    QVERIFY(at.asked().size() == 1 && at.asked()[0].lun == model::LunId(1));
    QVERIFY(at.asked()[0].command == ReservationCommand::Claim && at.asked()[0].expectedHolder == stranger);
    at.answers(1, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().role, Role::Starting);
    QVERIFY(!at.erp().evict);
    Claim other(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    other.erp().evict = stranger;
    other.lun(0).snapshot.holder = ReservationKey{stranger.value + 0x100};
    other.drive();
    QVERIFY(other.refusedFor(longer));
    QVERIFY(!other.erp().evict);
}

// The look that began with the challenge is not answered yet when the arbiter is won.
void ClaimTest::aLookThatTakesItsTimeCostsNoClaim() {
    Claim at(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    at.lun(1).pending.emplace();
    at.lun(1).snapshot.holder = stranger; // as it was once
    at.answers(0, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Others);
    QVERIFY(at.asked().empty());
    at.lun(1).pending.reset();
    at.lun(1).snapshot.holder = at.peers;
    at.drive();
    QVERIFY(at.asked().size() == 1 && at.asked()[0].command == ReservationCommand::Claim);
}

void ClaimTest::onlyWhatWasRefusedIsAskedForAgain() {
    Claim at(ClaimPhase::Others, ClaimCause::PeerSilent);
    at.oneMoreLun();
    at.wins(0);
    at.answers(1, ReservationOutcome::Conflict, at.peers);
    at.answers(2, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().role, Role::Claiming); // all or nothing
    QVERIFY(at.asked().size() == 1 && at.asked()[0].lun == model::LunId(1));
    at.answers(1, ReservationOutcome::Good, at.own);
    at.drive();
    QCOMPARE(at.erp().role, Role::Starting);

    // What a stranger holds was not asked for, so there is no answer to look at.
    Claim foreign(ClaimPhase::Others, ClaimCause::PeerSilent);
    foreign.oneMoreLun();
    foreign.wins(0);
    foreign.lun(1).snapshot.holder = stranger;
    foreign.answers(2, ReservationOutcome::Good, foreign.own);
    foreign.drive();
    QCOMPARE(foreign.erp().claim.phase, ClaimPhase::GivingBack);
}

void ClaimTest::whatWasReleasedIsClaimedAtOnce() {
    Claim at(ClaimPhase::Reading, ClaimCause::NobodyOwns);
    at.erp().role = Role::Standby;
    at.erp().epoch = model::Epoch(3);
    at.word(at.erp()).released = true;
    at.lun(1).snapshot.holder = at.peers; // as it was a moment ago
    at.lun(1).pending.emplace();          // a look at the keys, for the eye
    at.go([&](StepContext& step) { considerClaim(step, at.erp()); });
    QVERIFY(at.asked().size() == 1 && at.asked()[0].command == ReservationCommand::Claim);
    QVERIFY(at.asked()[0].from == ClaimFrom::Nothing && !at.asked()[0].expectedHolder);
    at.answers(0, ReservationOutcome::Good, at.own);
    at.drive();
    QVERIFY(at.asked().size() == 1 && at.asked()[0].command == ReservationCommand::Claim);
    QVERIFY(at.asked()[0].lun == model::LunId(1) && !at.asked()[0].expectedHolder);
}

void ClaimTest::aClaimWithoutAnArray() {
    Claim at(ClaimPhase::Window, ClaimCause::PeerSilent);
    at.erp().luns.clear();
    at.state.peer.liveness = Liveness::Alive;
    at.word(at.erp()).role = Role::Active;
    at.drive();
    QCOMPARE(at.erp().role, Role::Standby); // there is nothing to withdraw
    QVERIFY(at.asked().empty());
}

void ClaimTest::whatEndsAClaim_data() {
    QTest::addColumn<Arrange>("arrange");
    const auto row = [](const char* name, Arrange arrange) { QTest::newRow(name) << arrange; };
    row("this node leaves", [](Workplace& at) { at.state.leaving = true; });
    row("this node goes into maintenance", [](Workplace& at) { at.state.maintenance = true; });
    row("an operator disables the group", [](Workplace& at) { at.erp().standing.disabled = true; });
    row("an operator freezes the group", [](Workplace& at) { at.erp().standing.frozen = true; });
    row("this node stood still", [](Workplace& at) { at.erp().claim.frozen = true; });
}

void ClaimTest::whatEndsAClaim() {
    QFETCH(Arrange, arrange);
    for (const ClaimPhase phase : {ClaimPhase::Challenging, ClaimPhase::Window, ClaimPhase::Reading}) {
        Claim at(phase, ClaimCause::PeerSilent);
        arrange(at);
        at.drive();
        QCOMPARE(at.erp().role, Role::Standby);
        // A challenge may stand on the arbiter; nothing else was begun.
        QCOMPARE(at.asked().size(), std::size_t(phase != ClaimPhase::Reading));
        for (const model::ReservationRequest& each : at.asked())
            QCOMPARE(each.command, ReservationCommand::Withdraw);
        QCOMPARE(at.erp().claim.notBefore == Instant(), at.erp().claim.frozen); // looked at again at once
    }
}

void ClaimTest::aClaimThatHasTakenSomethingGoesOn() {
    for (const ClaimPhase phase : {ClaimPhase::Arbiter, ClaimPhase::Others}) {
        Claim at(phase, ClaimCause::PeerSilent);
        at.lun(phase == ClaimPhase::Arbiter ? 0 : 1).pending.emplace();
        at.state.leaving = true; // when it is won it is given away in order
        at.drive();
        QCOMPARE(at.erp().role, Role::Claiming);
        at.state.leaving = false;
        at.state.maintenance = true;
        at.drive();
        QCOMPARE(at.erp().role, Role::Claiming);
        at.state.maintenance = false;
        at.erp().standing = {true, true, 1};
        at.drive();
        QCOMPARE(at.erp().role, Role::Claiming);
    }
    Claim back(ClaimPhase::GivingBack, ClaimCause::PeerSilent);
    back.erp().claim.frozen = true; // what is given back stays given back
    back.drive();
    QCOMPARE(back.erp().role, Role::Standby);
    QVERIFY(back.asked().empty());
}

void ClaimTest::afterAFreezeEverythingIsReadAnew() {
    Claim at(ClaimPhase::Others, ClaimCause::PeerSilent);
    at.wins(0);
    at.wins(1);
    at.answers(1, ReservationOutcome::Good, at.own); // of before the freeze
    at.erp().claim.frozen = true;
    at.lun(1).pending.emplace();
    at.drive();
    QVERIFY(at.asked().empty()); // an answer is still under way
    at.lun(1).pending.reset();
    at.drive();
    QCOMPARE(at.erp().claim.phase, ClaimPhase::Reading);
    // An arbiter that was won before the freeze is no step towards the others.
    Claim won(ClaimPhase::Arbiter, ClaimCause::PeerSilent);
    won.answers(0, ReservationOutcome::Good, won.own);
    won.erp().claim.frozen = true;
    won.lun(1).pending.emplace();
    won.drive();
    QVERIFY(won.erp().claim.phase == ClaimPhase::Arbiter && won.lun(0).provenEpoch == model::Epoch());
    QVERIFY(!at.erp().claim.frozen);
    QCOMPARE(at.asked().size(), std::size_t(2));
    for (const LunRecord& lun : at.erp().luns)
        QVERIFY(lun.provenEpoch == model::Epoch() && !lun.answer);
}

QTEST_GUILESS_MAIN(ClaimTest)
#include "claim_test.moc"
