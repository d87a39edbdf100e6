// SPDX-License-Identifier: Apache-2.0
// Upkeep: what an answer of the array proves, who is defended against, what is withdrawn, and what a freeze costs.
#include "engine/judgement/lease.h"
#include "engine/procedures/procedures.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationKey;
using model::ReservationOutcome;
using model::ResourceState;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)

namespace {

constexpr ReservationKey stranger{0x0bad'1000'0000'0900};
constexpr Duration defend = 25ms;  // Timeouts::defendInterval of the profile
constexpr Duration verify = 200ms; // Timeouts::verifyInterval
constexpr Duration watch = 1s;     // Timeouts::watchInterval
constexpr Duration soon = 100ms;   // Timeouts::challengeWindow
constexpr Duration term = 3 * verify + 100ms;

class Watch : public Workplace {
public:
    Watch() { furnish(ResourceState::Running); }
    [[nodiscard]] LunRecord& lun(std::size_t i = 0) { return erp().luns[i]; }
    void asked(ReservationCommand command) {
        lun().pending = PendingReservation{model::OperationId(5), erp().epoch, command, now + 1s};
    }
    void answers(ReservationOutcome outcome, std::optional<ReservationKey> holder,
                 std::vector<ReservationKey> registrants, const char* detail = "") {
        model::ReservationAnswer answer;
        answer.operation = lun().pending->operation;
        answer.epoch = lun().pending->epoch;
        answer.command = lun().pending->command;
        answer.outcome = outcome;
        answer.readFrom = now;
        answer.snapshot = {1, std::move(registrants), holder, model::ReservationType::WriteExclusive};
        answer.detail = detail;
        go([&](StepContext& step) { noteReservation(step, answer); });
    }
    void reads(std::optional<ReservationKey> holder, std::vector<ReservationKey> registrants) {
        asked(ReservationCommand::Read);
        answers(ReservationOutcome::Good, holder, std::move(registrants));
    }
    void notice(model::LunNotice::Kind kind) {
        go([&](StepContext& step) { noteLun(step, {model::LunId(0), kind, {}}); });
    }
    // What is asked of the first LUN; the other one was looked at just now.
    std::optional<ReservationCommand> look() {
        lun(1).lastLook = now;
        go([&](StepContext& step) { lookAtKeys(step, erp()); });
        for (const auto& request : wanted<model::ReservationRequest>())
            if (request.lun == model::LunId(0)) return request.command;
        return {};
    }
    void freeze(Duration gap) {
        go([&](StepContext& step) { noteFreeze(step, {gap}); });
    }
    const ReservationKey own3 = key(NodeId::First, ownBoot, 3);
    const ReservationKey peers = key(NodeId::Second, peerBoot, 3);
};

// The peer's challenge stands beside our key, and it is time to do something about it.
void challenged(Workplace& at) {
    at.own(at.erp());
    at.erp().luns[0].snapshot.registrants.push_back(Workplace::key(NodeId::Second, Workplace::peerBoot, 4));
    at.erp().luns[0].lastLook = at.now;
}

} // namespace

class UpkeepTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatALookProves_data();
    void whatALookProves();
    void aStrangerIsToldAslongAsHeHolds();
    void anAnswerThatNeverCameIsLate();
    void whatTheDataPathTells();
    void whoIsDefendedAgainst_data();
    void whoIsDefendedAgainst();
    void afterADefenceThePaceGoesOn();
    void anOwnerThatMissesItsPeerLooksMoreOften_data();
    void anOwnerThatMissesItsPeerLooksMoreOften();
    void whatWasLeftBehindIsWithdrawn_data();
    void whatWasLeftBehindIsWithdrawn();
    void aFreezeMakesTheOwnerProveItsLease();
    void aFreezeGivesTheAnswersTheirTime();
    void aFreezeOfWhoeverDoesNotOwn();
    void theProofEndsWhenEveryLunIsReadAgain();
};

void UpkeepTest::whatALookProves_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("proves");
    const auto row = [](const char* name, Arrange arrange, bool proves) { QTest::newRow(name) << arrange << proves; };
    row(
        "ours", [](Workplace&) {}, true);
    row(
        "ours, though it failed here and is still being killed", [](Workplace& at) { at.erp().role = Role::Failed; },
        true);
    row(
        "in maintenance", [](Workplace& at) { at.erp().role = Role::Maintenance; }, false);
    row(
        "standing by", [](Workplace& at) { at.erp().role = Role::Standby; }, false);
    row(
        "never claimed in this epoch", [](Workplace& at) { at.erp().luns[0].provenEpoch = model::Epoch(2); }, false);
    row(
        "held by another", [](Workplace& at) { at.erp().key = Workplace::key(NodeId::First, Workplace::ownBoot, 2); },
        false);
}

void UpkeepTest::whatALookProves() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, proves);
    Watch at;
    at.own(at.erp());
    const Instant before = at.now;
    at.now = at.now + 10ms;
    arrange(at);
    at.reads(at.own3, {at.own3});
    QCOMPARE(at.lun().provenFrom, proves ? at.now : before);
    // Held by our key, but not registered with it any more: somebody is taking it.
    Watch removed;
    removed.own(removed.erp());
    const Instant then = removed.now;
    removed.now = removed.now + 10ms;
    removed.reads(removed.own3, {removed.peers});
    QCOMPARE(removed.lun().provenFrom, then);
    Watch taken;
    taken.own(taken.erp());
    taken.now = taken.now + 10ms;
    taken.reads(taken.peers, {taken.peers, taken.own3});
    QCOMPARE(taken.lun().provenFrom, then);
}

void UpkeepTest::aStrangerIsToldAslongAsHeHolds() {
    Watch at;
    at.reads(stranger, {stranger});
    QVERIFY(at.alarm("lun.foreign:one"));
    QCOMPARE(at.wanted<RaiseAlarm>().front().severity, model::Severity::Critical);
    at.reads({}, {});
    QVERIFY(!at.alarm("lun.foreign:one"));
}

void UpkeepTest::anAnswerThatNeverCameIsLate() {
    for (const auto command : {ReservationCommand::Read, ReservationCommand::Claim}) {
        Watch at;
        at.asked(command);
        at.lun().pending->deadline = at.now;
        at.lun().pending->epoch = model::Epoch(9);
        at.go([&](StepContext& step) { expireReservations(step, at.erp()); });
        QVERIFY(!at.lun().pending && !at.lun().pathUp);
        QVERIFY(at.wanted<RaiseAlarm>().front().text.find("no answer at all") != std::string::npos);
        // A look that fails is no answer to what a procedure waits for; a claim that is late is one.
        QCOMPARE(at.lun().answer.has_value(), command == ReservationCommand::Claim);
        if (!at.lun().answer) continue;
        QCOMPARE(at.lun().answer->outcome, ReservationOutcome::Late);
        QVERIFY(at.lun().answer->lun == model::LunId(0) && at.lun().answer->group == model::GroupId(0));
    }
    Watch other; // of the second LUN
    other.lun(1).pending = PendingReservation{model::OperationId(6), other.erp().epoch, ReservationCommand::Defend, other.now};
    other.go([&](StepContext& step) { expireReservations(step, other.erp()); });
    QVERIFY(!other.lun(1).pending && !other.lun(1).pathUp && other.lun(0).pathUp);
    QVERIFY(other.lun(1).answer->lun == model::LunId(1));
    Watch elsewhere; // of another group
    elsewhere.configuration.luns.resize(3);
    elsewhere.web().luns.resize(1);
    elsewhere.web().luns[0].id = model::LunId(2);
    elsewhere.web().luns[0].pending =
        PendingReservation{model::OperationId(6), elsewhere.web().epoch, ReservationCommand::Claim, elsewhere.now};
    elsewhere.go([&](StepContext& step) { expireReservations(step, elsewhere.web()); });
    QVERIFY(elsewhere.web().luns[0].answer->group == model::GroupId(1));
}

void UpkeepTest::whatTheDataPathTells() {
    const auto fencedAfter = [](Arrange arrange) {
        Watch at;
        at.own(at.erp());
        arrange(at);
        at.notice(model::LunNotice::Kind::Fenced);
        return at.lun().fenced;
    };
    QVERIFY(fencedAfter([](Workplace&) {}));
    QVERIFY(!fencedAfter([](Workplace& at) { at.erp().role = Role::Standby; })); // it has no writes to be refused
    QVERIFY(fencedAfter([](Workplace& at) { at.erp().role = Role::Standby, at.erp().settled = false; }));
    QVERIFY(!fencedAfter([](Workplace& at) { at.erp().role = Role::Stopping, at.erp().releasing = true; }));
    Watch at;
    at.lun().lastLook = at.now;
    at.notice(model::LunNotice::Kind::PathDown);
    QVERIFY(!at.lun().pathUp && at.lun().lastLook == at.now);
    at.notice(model::LunNotice::Kind::PathUp);
    QVERIFY(at.lun().pathUp && at.look() == ReservationCommand::Read); // who knows what happened meanwhile
}

void UpkeepTest::whoIsDefendedAgainst_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("defends");
    const auto row = [](const char* name, Arrange arrange, bool defends) { QTest::newRow(name) << arrange << defends; };
    row("a challenge stands", challenged, true);
    row(
        "nobody is there", [](Workplace& at) { at.own(at.erp()), at.erp().luns[0].lastLook = at.now; }, false);
    row(
        "another login of ours",
        [](Workplace& at) {
            challenged(at);
            at.erp().luns[0].snapshot.registrants = {at.erp().key, at.erp().key.withLogin(2)};
        },
        false);
    row(
        "we don't hold it any more",
        [](Workplace& at) {
            challenged(at);
            at.erp().luns[0].snapshot.holder = Workplace::key(NodeId::Second, Workplace::peerBoot, 4);
        },
        false);
    row(
        "what was read is forgotten", [](Workplace& at) { challenged(at), at.erp().luns[0].known = false; }, false);
    row(
        "it failed here: the peer shall have it", [](Workplace& at) { challenged(at), at.erp().role = Role::Failed; },
        false);
    row(
        "it is being released",
        [](Workplace& at) { challenged(at), at.erp().role = Role::Stopping, at.erp().releasing = true; }, false);
    row(
        "the lease is not proven since a freeze", [](Workplace& at) { challenged(at), at.erp().reprove = true; },
        false);
    row(
        "our writes are refused", [](Workplace& at) { challenged(at), at.erp().luns[0].fenced = true; }, false);
    row(
        "it was defended a moment ago",
        [](Workplace& at) { challenged(at), at.erp().luns[0].lastDefence = at.now - defend + 1ns; }, false);
    row(
        "it was defended long ago",
        [](Workplace& at) { challenged(at), at.erp().luns[0].lastDefence = at.now - defend; }, true);
}

void UpkeepTest::whoIsDefendedAgainst() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, defends);
    Watch at;
    arrange(at);
    QVERIFY(at.look() == (defends ? std::optional(ReservationCommand::Defend) : std::nullopt));
}

void UpkeepTest::afterADefenceThePaceGoesOn() {
    Watch at;
    challenged(at);
    at.lun().lastLook = at.now - watch; // a look is due, too: one thing at a time
    QVERIFY(at.look() == ReservationCommand::Defend);
    QCOMPARE(at.wanted<model::ReservationRequest>().size(), std::size_t(1));
    QCOMPARE(at.lun().lastDefence, at.now);
}

void UpkeepTest::anOwnerThatMissesItsPeerLooksMoreOften_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<qint64>("interval");
    const auto row = [](const char* name, Arrange arrange, Duration interval) {
        QTest::newRow(name) << arrange << qint64(interval.count());
    };
    row(
        "all is well", [](Workplace&) {}, verify);
    row(
        "the peer is suspect", [](Workplace& at) { at.state.peer.liveness = Liveness::Suspect; }, defend);
    row(
        "the peer doesn't hear us",
        [](Workplace& at) { at.state.links[0].peerHearsUs = at.state.links[1].peerHearsUs = false; }, defend);
    row(
        "it hears us on a link that is dead by now",
        [](Workplace& at) {
            at.state.links[0].liveness = Liveness::Lost;
            at.state.links[1].peerHearsUs = false;
        },
        defend);
    row(
        "it hears us on one link", [](Workplace& at) { at.state.links[1].peerHearsUs = false; }, verify);
    row(
        "it failed here and is still being killed", [](Workplace& at) { at.erp().role = Role::Failed; }, verify);
    row(
        "it failed here and everything is down",
        [](Workplace& at) { at.furnish(ResourceState::Stopped), at.erp().role = Role::Failed; }, watch);
    row(
        "standing by, though the peer is lost",
        [](Workplace& at) {
            at.erp().role = Role::Standby, at.state.peer.liveness = Liveness::Lost;
            for (LunRecord& lun : at.erp().luns)
                lun.snapshot = {};
        },
        watch);
}

void UpkeepTest::anOwnerThatMissesItsPeerLooksMoreOften() {
    QFETCH(Arrange, arrange);
    QFETCH(qint64, interval);
    Watch at;
    at.own(at.erp());
    for (model::LinkReport& link : at.state.links) {
        link.liveness = Liveness::Alive;
        link.peerHearsUs = true;
    }
    arrange(at);
    at.lun().lastLook = at.now - Duration(interval) + 1ns;
    QVERIFY(!at.look());
    QVERIFY(at.deadline == at.now + 1ns);
    at.lun().lastLook = at.now - Duration(interval);
    QVERIFY(at.look() == ReservationCommand::Read);
    QVERIFY(at.lun().lastLook == at.now);
}

void UpkeepTest::whatWasLeftBehindIsWithdrawn_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("withdrawn");
    const auto row = [](const char* name, Arrange arrange, bool withdrawn) {
        QTest::newRow(name) << arrange << withdrawn;
    };
    row(
        "a challenge of ours that is over", [](Workplace&) {}, true);
    row(
        "nobody holds", [](Workplace& at) { at.erp().luns[0].snapshot.holder.reset(); }, true);
    row(
        "we hold it ourselves",
        [](Workplace& at) {
            at.erp().luns[0].snapshot.holder = Workplace::key(NodeId::First, Workplace::ownBoot, 2);
        },
        false);
    row(
        "of a dead boot", // whoever claims next removes it; this boot's nexus can't
        [](Workplace& at) {
            at.erp().luns[0].snapshot.registrants = {Workplace::key(NodeId::First, Workplace::deadBoot, 2)};
        },
        false);
    row(
        "the peer's, of a boot that looks like ours",
        [](Workplace& at) {
            at.erp().luns[0].snapshot.registrants = {Workplace::key(NodeId::Second, Workplace::ownBoot, 2)};
        },
        false);
    row(
        "what was read is forgotten", [](Workplace& at) { at.erp().luns[0].known = false; }, false);
    row(
        "owned", [](Workplace& at) { at.erp().role = Role::Active; }, false);
}

void UpkeepTest::whatWasLeftBehindIsWithdrawn() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, withdrawn);
    Watch at;
    const ReservationKey old = Workplace::key(NodeId::First, Workplace::ownBoot, 2);
    at.held(at.peers);
    at.lun().snapshot.registrants.push_back(old.withLogin(4));
    arrange(at);
    // Sooner than the next look for the eye.
    at.lun().lastLook = at.now - soon + 1ns;
    const bool owner = at.erp().role == Role::Active;
    QVERIFY(!at.look() || owner);
    at.lun().pending.reset();
    at.lun().lastLook = at.now - soon;
    const auto asks = at.look();
    QCOMPARE(asks == ReservationCommand::Withdraw, withdrawn);
    if (!withdrawn) return;
    for (const auto& request : at.wanted<model::ReservationRequest>())
        QCOMPARE(request.key, old);
}

void UpkeepTest::aFreezeMakesTheOwnerProveItsLease() {
    Watch at;
    at.own(at.erp());
    at.lun(0).provenFrom = at.now - 5s;
    at.lun(1).provenFrom = at.now - 1ms;
    at.lun(0).lastLook = at.lun(1).lastLook = at.now;
    at.freeze(5s);
    QVERIFY(at.erp().reprove && at.erp().reproveFrom == at.now);
    QCOMPARE(at.lun(0).provenFrom, at.now - term / 2); // time for one look before it counts as lost
    QCOMPARE(at.lun(1).provenFrom, at.now - 1ms);
    QVERIFY(!at.ask([&](StepContext& step) { return leaseLostBecause(step, at.erp()); }));
    QVERIFY(at.look() == ReservationCommand::Read);
    QVERIFY(!at.erp().claim.frozen);
}

void UpkeepTest::aFreezeGivesTheAnswersTheirTime() {
    Watch at;
    at.asked(ReservationCommand::Read);
    at.erp().resources[0].pending =
        PendingResource{model::OperationId(6), at.erp().epoch, model::ResourceVerb::Stop, at.now + 2s};
    at.freeze(5s);
    QCOMPARE(at.lun().pending->deadline, at.now + 1s + 5s);
    QCOMPARE(at.erp().resources[0].pending->deadline, at.now + 2s + 5s);
    QCOMPARE(at.told(kind::frozen), std::size_t(1));
    QCOMPARE(at.line(kind::frozen).severity, model::Severity::Warning);
}

void UpkeepTest::aFreezeOfWhoeverDoesNotOwn() {
    Watch standby;
    standby.lun().provenFrom = standby.now - 5s;
    standby.freeze(5s);
    QVERIFY(!standby.erp().reprove && !standby.erp().claim.frozen);
    QCOMPARE(standby.lun().provenFrom, standby.now - 5s);
    Watch claiming;
    claiming.erp().role = Role::Claiming;
    claiming.freeze(5s);
    QVERIFY(claiming.erp().claim.frozen);
    Watch without; // no array to ask: links and gateway are judged at once
    without.own(without.web());
    without.freeze(5s);
    QVERIFY(!without.web().reprove);
}

void UpkeepTest::theProofEndsWhenEveryLunIsReadAgain() {
    Watch at;
    at.own(at.erp());
    at.lun(1).provenFrom = at.now - 1ms;
    at.freeze(5s);
    at.lun(0).provenFrom = at.now;
    endReproof(at.erp());
    QVERIFY(at.erp().reprove); // the other one isn't yet
    at.lun(1).provenFrom = at.now;
    endReproof(at.erp());
    QVERIFY(!at.erp().reprove);
}

QTEST_GUILESS_MAIN(UpkeepTest)
#include "upkeep_test.moc"
