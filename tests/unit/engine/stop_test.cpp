// SPDX-License-Identifier: Apache-2.0
// Giving a group away in order, losing it, and leaving: what is let go of, and when this node may end.
#include "engine/invariants.h"
#include "engine/judgement/lease.h"
#include "engine/procedures/procedures.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationOutcome;
using model::ResourceState;
using model::ResourceVerb;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)

namespace {

// A group that is being stopped; everything of it is down.
class Farewell : public Workplace {
public:
    Farewell() {
        furnish(ResourceState::Stopped);
        own(erp());
        erp().role = Role::Stopping;
    }
    // Both releases have been answered, and this is what stands on the array.
    void released(std::optional<model::ReservationKey> holder = {},
                  ReservationOutcome outcome = ReservationOutcome::Good) {
        erp().releasing = true;
        for (LunRecord& lun : erp().luns) {
            lun.answer.emplace();
            lun.answer->outcome = outcome;
            lun.answer->snapshot.holder = holder;
        }
    }
    // Won from a peer that is still silent.
    void takenOver() {
        erp().takeover = true;
        state.peer.liveness = Liveness::Lost;
    }
    void drive() {
        go([&](StepContext& step) { driveStopping(step, erp()); });
    }
    [[nodiscard]] std::string words() const {
        const Explain released = line(kind::reservationReleased);
        return released.text.empty() ? line(kind::groupStopped).text : released.text;
    }
    [[nodiscard]] bool saysThat(const char* words) const { return this->words().find(words) != std::string::npos; }
};

} // namespace

class StopTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsLetGoOfIsProvenNoMore();
    void aReleaseIsNotOutdatedByWhatTheArrayRefused();
    void onlyAnArrayWithoutAHolderIsReleased();
    void theReservationStaysWhereThePeerWasNeverHeardToLetGo();
    void aReleaseThatIsUnderWayIsWaitedFor();
    void aLeaseLostWhileReleasing();
    void whatIsSilencedIsProvenNoMore();
    void nothingStartsBeforeTheLeaseIsProvenAnew();
    void whenThisNodeMayEnd_data();
    void whenThisNodeMayEnd();
    void theEndIsToldOnce();
};

void StopTest::whatIsLetGoOfIsProvenNoMore() {
    Farewell at;
    at.released();
    at.drive();
    QCOMPARE(at.erp().role, Role::Standby);
    QVERIFY(at.erp().released && !at.erp().releasing && !leaseProven(at.erp()));
    QCOMPARE(at.erp().handoverUntil, at.now + 10s); // Timeouts::orderPatience
    QVERIFY(at.saysThat("every LUN of the group is let go of"));
    for (const LunRecord& lun : at.erp().luns)
        QVERIFY(!lun.answer);
}

void StopTest::aReleaseIsNotOutdatedByWhatTheArrayRefused() {
    Farewell later;
    later.word(later.erp()).epoch = model::Epoch(later.erp().epoch.value + 3); // the peer's claim, refused
    later.released();
    later.drive();
    QVERIFY(later.erp().released);
    QCOMPARE(later.erp().epoch, later.word(later.erp()).epoch);
    for (const Role role : {Role::Claiming, Role::Starting, Role::Active}) {
        Farewell under; // the peer's claim goes on, or was won: our release is of the epoch before
        const model::Epoch before = under.erp().epoch;
        under.word(under.erp()).epoch = model::Epoch(before.value + 3);
        under.word(under.erp()).role = role;
        under.released();
        under.drive();
        QVERIFY(under.erp().released);
        QCOMPARE(under.erp().epoch, before);
    }
    Farewell earlier;
    const model::Epoch own = earlier.erp().epoch;
    earlier.word(earlier.erp()).epoch = model::Epoch(own.value - 1);
    earlier.released();
    earlier.drive();
    QCOMPARE(earlier.erp().epoch, own);
    Farewell kept; // nothing was let go of
    kept.word(kept.erp()).epoch = model::Epoch(own.value + 3);
    kept.released(kept.erp().key);
    kept.drive();
    QCOMPARE(kept.erp().epoch, own);
    Farewell alone;
    alone.state.peer.everHeard = false;
    alone.released();
    alone.drive();
    QCOMPARE(alone.erp().epoch, own);
}

void StopTest::onlyAnArrayWithoutAHolderIsReleased() {
    Farewell held;
    held.released(held.erp().key);
    held.drive();
    QVERIFY(!held.erp().released); // the peer must not be told so
    QVERIFY(held.saysThat("left behind"));
    Farewell late;
    late.released({}, ReservationOutcome::Late);
    late.drive();
    QVERIFY(!late.erp().released && late.saysThat("left behind"));
    QCOMPARE(late.erp().role, Role::Standby);
}

void StopTest::theReservationStaysWhereThePeerWasNeverHeardToLetGo() {
    Farewell at;
    at.takenOver();
    for (LunRecord& lun : at.erp().luns) {
        lun.answer.emplace(); // of something earlier
        lun.answer->outcome = ReservationOutcome::Good;
    }
    at.drive();
    QCOMPARE(at.erp().role, Role::Standby);
    QVERIFY(!at.erp().released && at.saysThat("the reservation stays"));
    QVERIFY(at.wanted<model::ReservationRequest>().empty());
    QCOMPARE(at.wanted<CloseGate>().size(), std::size_t(2));
    Farewell without; // no array that could refuse anything
    without.takenOver();
    without.erp().luns.clear();
    without.drive();
    QCOMPARE(without.erp().role, Role::Standby);
    QVERIFY(without.erp().released);
}

void StopTest::aReleaseThatIsUnderWayIsWaitedFor() {
    Farewell at;
    at.drive();
    const auto first = at.wanted<model::ReservationRequest>();
    QVERIFY(first.size() == 1 && first[0].command == ReservationCommand::Release && first[0].lun == model::LunId(1));
    at.takenOver(); // the peer falls silent meanwhile
    at.drive();
    QCOMPARE(at.erp().role, Role::Stopping);
    QVERIFY(at.erp().releasing && at.actions.empty());
}

void StopTest::aLeaseLostWhileReleasing() {
    Farewell at;
    at.erp().releasing = true;
    at.erp().luns[0].provenFrom = at.now - at.timeouts.leaseTerm();
    at.go([&](StepContext& step) { QVERIFY(loseWhereLost(step, at.erp())); });
    QCOMPARE(at.erp().role, Role::Lost);
    QVERIFY(!at.erp().releasing);
    QCOMPARE(at.wanted<CloseGate>().size(), std::size_t(2));
}

void StopTest::whatIsSilencedIsProvenNoMore() {
    Farewell at;
    at.erp().role = Role::Lost;
    at.erp().luns[1].fenced = true;
    at.go([&](StepContext& step) { driveLost(step, at.erp()); });
    QCOMPARE(at.erp().role, Role::Standby);
    QVERIFY(!leaseProven(at.erp()) && !at.erp().luns[1].fenced);
}

void StopTest::nothingStartsBeforeTheLeaseIsProvenAnew() {
    Farewell at;
    at.erp().role = Role::Starting;
    at.erp().reprove = true;
    at.go([&](StepContext& step) { reconcile(step, at.erp()); });
    QVERIFY(at.actions.empty());
    at.erp().reprove = false;
    at.go([&](StepContext& step) { reconcile(step, at.erp()); });
    const auto requests = at.wanted<model::ResourceRequest>();
    QVERIFY(requests.size() == 1 && requests[0].verb == ResourceVerb::Start);
}

void StopTest::whenThisNodeMayEnd_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("ends");
    const auto row = [](const char* name, Arrange arrange, bool ends) { QTest::newRow(name) << arrange << ends; };
    row(
        "everything stands by", [](Workplace&) {}, true);
    row(
        "a group has failed, and one is set aside",
        [](Workplace& at) { at.erp().role = Role::Failed, at.web().role = Role::Maintenance; }, true);
    row(
        "a group is still stopped", [](Workplace& at) { at.web().role = Role::Stopping; }, false);
    row(
        "a group is being made silent", [](Workplace& at) { at.erp().role = Role::Lost; }, false);
    row(
        "a group can't be made silent, and the host is being reset",
        [](Workplace& at) { at.erp().role = Role::Lost, at.state.fenceOrdered = true; }, true);
    row(
        "the host is being reset, and another group still runs",
        [](Workplace& at) { at.web().role = Role::Active, at.state.fenceOrdered = true; }, false);
    row(
        "nothing is known of a group yet", [](Workplace& at) { at.web().settled = false; }, false);
    row(
        "a challenge is still withdrawn",
        [](Workplace& at) {
            at.erp().luns[1].pending.emplace();
            at.erp().luns[1].pending->command = ReservationCommand::Withdraw;
        },
        false);
    row(
        "somebody looks at the keys", [](Workplace& at) { at.erp().luns[1].pending.emplace(); }, true);
    row(
        "nobody wants it to end", [](Workplace& at) { at.state.leaving = false; }, false);
}

void StopTest::whenThisNodeMayEnd() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, ends);
    Workplace at;
    at.state.leaving = true;
    arrange(at);
    at.go([](StepContext& step) { driveShutdown(step); });
    QCOMPARE(at.wanted<ShutdownFinished>().size(), std::size_t(ends));
}

void StopTest::theEndIsToldOnce() {
    Workplace at;
    at.state.leaving = true;
    at.go([](StepContext& step) { driveShutdown(step); });
    QCOMPARE(at.wanted<ShutdownFinished>().size(), std::size_t(1));
    at.go([](StepContext& step) { driveShutdown(step); });
    QVERIFY(at.actions.empty());
}

QTEST_GUILESS_MAIN(StopTest)
#include "stop_test.moc"
