// SPDX-License-Identifier: Apache-2.0
// Orders that stand: who is told, what outlives a boot, and which of two opinions counts.
#include "engine/judgement/claimant.h"
#include "engine/procedures/procedures.h"
#include "workplace.h"

#include <QtTest>

namespace dyad::engine {

using model::OrderKind;
using model::Role;
using model::StandingOrder;

namespace {

StepContext stepOf(Workplace& at) {
    at.actions.clear();
    return {at.configuration, at.self, at.timeouts, at.state, at.actions, at.now};
}

template <typename Wanted>
const Wanted* last(const Workplace& at) {
    for (auto each = at.actions.rbegin(); each != at.actions.rend(); ++each)
        if (const auto* found = std::get_if<Wanted>(&*each)) return found;
    return nullptr;
}

void order(Workplace& at, OrderKind kind, model::ResourceId resource = {}, model::ReservationKey key = {}) {
    StepContext step = stepOf(at);
    takeOrder(step, {model::RequestId(1), kind, model::GroupId(0), resource, key, false, "ops"});
}
bool accepted(const Workplace& at) { return last<AnswerOrder>(at)->accepted; }
QString answer(const Workplace& at) { return QString::fromStdString(last<AnswerOrder>(at)->text); }

const model::ReservationKey stranger{0x1234500000000100}; // of another cluster

std::optional<ClaimCause> claimOf(Workplace& at) {
    return at.ask([&](StepContext& step) { return claimCause(step, at.erp()); });
}

void hear(Workplace& at) {
    StepContext step = stepOf(at);
    hearStandingOrders(step);
}

} // namespace

class StandingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anOrderIsCountedKeptAndTakenBack() {
        Workplace at;
        order(at, OrderKind::Freeze);
        QVERIFY(accepted(at));
        QVERIFY(at.erp().standing == (StandingOrder{false, true, 1}));
        QVERIFY(at.state.alarms.count("group.frozen:erp") == 1);
        QVERIFY(last<KeepStandingOrders>(at)->orders.groups ==
                (std::vector<std::pair<std::string, StandingOrder>>{{"erp", {false, true, 1}}}));
        order(at, OrderKind::Freeze);
        QVERIFY(!accepted(at));
        QVERIFY(at.erp().standing.version == 1);
        order(at, OrderKind::Unfreeze);
        QVERIFY(accepted(at));
        QVERIFY(at.erp().standing == (StandingOrder{false, false, 2}));
        QVERIFY(at.state.alarms.empty());
        order(at, OrderKind::Unfreeze);
        QVERIFY(!accepted(at));
        order(at, OrderKind::Disable);
        QVERIFY(accepted(at));
        QVERIFY(at.erp().standing == (StandingOrder{true, false, 3}));
        order(at, OrderKind::Disable);
        QVERIFY(!accepted(at));
        order(at, OrderKind::Enable);
        QVERIFY(at.erp().standing == (StandingOrder{false, false, 4}));
        order(at, OrderKind::Enable);
        QVERIFY(!accepted(at));
        QVERIFY(at.web().standing == StandingOrder());
    }

    void theVersionGoesRound() {
        Workplace at;
        at.erp().standing.version = 0xffff; // 0 means "never ordered"
        order(at, OrderKind::Disable);
        QCOMPARE(at.erp().standing.version, std::uint16_t(1));
        at.word(at.erp()).standing = {false, false, 0xffff};
        hear(at);
        QVERIFY(at.erp().standing.disabled);
    }

    void aFrozenGroupTakesNoOtherOrder() {
        Workplace at;
        at.own(at.erp());
        order(at, OrderKind::Freeze);
        QVERIFY(accepted(at));
        for (const OrderKind kind : {OrderKind::Switchover, OrderKind::Disable, OrderKind::RestartResource}) {
            order(at, kind);
            QVERIFY(!accepted(at));
            QVERIFY2(answer(at).contains("dyad unfreeze erp"), qPrintable(answer(at)));
        }
        QCOMPARE(at.erp().role, Role::Active);
    }

    void aDisabledGroupIsNotMoved() {
        Workplace at;
        at.word(at.erp()).role = Role::Active; // it has not heard of it yet
        at.erp().standing.disabled = true;
        order(at, OrderKind::Switchover);
        QVERIFY(!accepted(at));
        QVERIFY2(answer(at).contains("dyad enable erp"), qPrintable(answer(at)));
    }

    // Who unfreezes wants things to go on, whatever they are at.
    void whatMovesJustNowIsUnfrozen() {
        for (const Role role : {Role::Claiming, Role::Stopping, Role::Lost}) {
            Workplace at;
            at.erp().role = role;
            at.erp().standing.frozen = true;
            order(at, OrderKind::Unfreeze);
            QVERIFY(accepted(at));
            QVERIFY(!at.erp().standing.frozen);
        }
    }

    void whatMovesJustNowIsNotFrozen() {
        for (const Role role : {Role::Claiming, Role::Stopping, Role::Lost}) {
            Workplace here;
            here.erp().role = role;
            order(here, OrderKind::Freeze);
            QVERIFY(!accepted(here));
            Workplace there;
            there.word(there.erp()).role = role;
            order(there, OrderKind::Freeze);
            QVERIFY(!accepted(there));
            there.state.peer.liveness = model::Liveness::Lost;
            order(there, OrderKind::Freeze);
            QVERIFY(accepted(there)); // what it said then is no news
            QVERIFY(answer(there).contains("not heard"));
        }
    }

    void theLaterOfTwoOpinionsCounts() {
        Workplace at;
        at.erp().standing = {false, true, 5};
        at.word(at.erp()).standing = {true, false, 4};
        hear(at);
        QVERIFY(at.erp().standing == (StandingOrder{false, true, 5}));
        QVERIFY(at.actions.empty());
        at.word(at.erp()).standing.version = 6;
        hear(at);
        QVERIFY(at.erp().standing == (StandingOrder{true, false, 6}));
        QVERIFY(last<KeepStandingOrders>(at) != nullptr);
        QVERIFY(last<Explain>(at) != nullptr);
    }

    // Both sides of a partition were given an order: the two restrictions stand, on both.
    void ofTwoWithOneVersionBothRestrictionsStand() {
        Workplace at;
        at.erp().standing = {false, true, 5};
        at.word(at.erp()).standing = {true, false, 5};
        hear(at);
        QVERIFY(at.erp().standing == (StandingOrder{true, true, 5}));
        at.word(at.erp()).standing = {false, false, 5}; // it has not heard of ours yet
        hear(at);
        QVERIFY(at.erp().standing == (StandingOrder{true, true, 5}));
        QVERIFY(at.actions.empty());
        at.erp().standing = {true, false, 5};
        at.word(at.erp()).standing = {false, true, 5};
        hear(at);
        QVERIFY(at.erp().standing == (StandingOrder{true, true, 5}));
        // Nobody has asked for the other restriction.
        for (const StandingOrder ours : {StandingOrder{true, false, 5}, StandingOrder{false, true, 5}}) {
            at.erp().standing = ours;
            at.word(at.erp()).standing = {false, false, 5};
            hear(at);
            QVERIFY(at.erp().standing == ours);
        }
    }

    // Versions go round: half the way ahead is as far as half the way behind, so it is no news to either node.
    void aVersionIsLaterForLessThanHalfTheWayRound() {
        for (const auto& [version, follows] : {std::pair(0x7fff, true), std::pair(0x8000, false)}) {
            Workplace at;
            at.word(at.erp()).standing = {true, false, static_cast<std::uint16_t>(5 + version)};
            at.erp().standing.version = 5;
            hear(at);
            QCOMPARE(at.erp().standing.disabled, follows);
        }
    }

    void anOrderStandsSinceItWasGivenOrHeardOf() {
        Workplace at;
        order(at, OrderKind::Freeze);
        QCOMPARE(at.erp().standingSince, at.now);
        at.word(at.erp()).standing = {true, false, 9};
        at.now = at.now + 1s;
        hear(at);
        QCOMPARE(at.erp().standingSince, at.now);
        const Instant since = at.now;
        at.now = at.now + 1s;
        hear(at); // nothing new
        QCOMPARE(at.erp().standingSince, since);
    }

    void nobodyTakesWhatIsFrozenOrDisabled() {
        for (const StandingOrder standing : {StandingOrder{true, false, 1}, StandingOrder{false, true, 1}}) {
            Workplace at;
            at.word(at.erp()).released = true;
            const auto cause = [&] { return at.ask([&](StepContext& step) { return claimCause(step, at.erp()); }); };
            QVERIFY(cause() == ClaimCause::PeerReleased);
            at.erp().standing = standing;
            QVERIFY(!cause());
            QVERIFY(!at.ask([&](StepContext& step) { return fitHere(step, at.erp()); }));
        }
    }

    // Its last word on the group is older than the order that enables it.
    void aReleaseFromBeforeTheOrderIsNoInvitation() {
        Workplace at;
        at.configuration.groups[0].prefer = model::NodeId::Second;
        at.erp().handoverUntil = at.now + 10s;
        at.word(at.erp()).released = true;
        at.word(at.erp()).standing = {true, false, 1};
        at.erp().standing = {false, false, 2};
        const auto cause = [&] { return at.ask([&](StepContext& step) { return claimCause(step, at.erp()); }); };
        QVERIFY(!cause());
        at.word(at.erp()).unfit = true; // disabled, as far as it knows
        at.now = at.now + at.timeouts.startupWait();
        QVERIFY(!cause());
        QCOMPARE(at.deadline, std::optional(at.erp().handoverUntil));
        at.now = at.erp().handoverUntil; // the preferred node has had its turn
        QVERIFY(cause() == ClaimCause::NobodyOwns);
        at.word(at.erp()).standing = at.erp().standing;
        at.word(at.erp()).unfit = false;
        QVERIFY(cause() == ClaimCause::PeerReleased);
    }

    void aDisabledGroupIsStoppedWhereItRuns() {
        Workplace at;
        at.own(at.erp());
        at.erp().standing.disabled = true;
        StepContext step = stepOf(at);
        driveWishes(step, at.erp());
        QCOMPARE(at.erp().role, Role::Stopping);
        QCOMPARE(at.erp().stopCause, StopCause::Disable);
    }

    // Frozen on one side, disabled on the other: it is left alone until somebody has decided.
    void frozenGoesBeforeDisabled() {
        Workplace at;
        at.own(at.erp());
        at.erp().standing = {true, true, 5};
        StepContext step = stepOf(at);
        driveWishes(step, at.erp());
        QCOMPARE(at.erp().role, Role::Active);
        at.state.leaving = true; // but a host that goes down stops what runs on it
        driveWishes(step, at.erp());
        QCOMPARE(at.erp().role, Role::Stopping);
    }

    void enablingMakesTheOldReleaseNoInvitation() {
        Workplace at;
        at.erp().standing = {true, false, 1};
        at.erp().released = true;
        at.erp().handoverUntil = at.now + 10s;
        order(at, OrderKind::Enable);
        QVERIFY(!at.erp().released);
        QVERIFY(at.erp().handoverUntil == Instant());
        at.erp().standing = {true, false, 3};
        at.configuration.groups[0].prefer = model::NodeId::Second;
        order(at, OrderKind::Enable);
        QVERIFY(at.erp().handoverUntil == at.now + at.timeouts.startupWait());
    }

    void freezingWhatIsDisabledEnablesNothing() {
        Workplace at;
        at.erp().standing = {true, false, 1};
        at.erp().released = true;
        at.erp().handoverUntil = at.now + 10s;
        order(at, OrderKind::Freeze);
        QVERIFY(at.erp().standing == (StandingOrder{true, true, 2}));
        QVERIFY(at.erp().released && at.erp().handoverUntil == at.now + 10s);
    }

    // A claim that was refused is not made again for a while; who gives an order knows more than that.
    void anOrderToClaimWaitsForNoPause() {
        Workplace alone;
        alone.state.peer.liveness = model::Liveness::Lost;
        Workplace release;
        release.held(stranger);
        Workplace enable;
        enable.erp().standing = {true, false, 1};
        for (const auto& [at, kind] :
             {std::pair(&alone, OrderKind::StartAlone), std::pair(&release, OrderKind::ReleaseClaim),
              std::pair(&enable, OrderKind::Enable)}) {
            at->erp().claim.notBefore = at->now + 10s;
            order(*at, kind, {}, stranger);
            QVERIFY(accepted(*at));
            QVERIFY(claimOf(*at));
        }
    }

    void aBootRemembers() {
        Workplace at;
        Started started{at.state.boot, std::nullopt, {true, {{"web", {true, false, 9}}, {"gone", {true, true, 2}}}}};
        StepContext step = stepOf(at);
        recallStandingOrders(step, started);
        QVERIFY(at.state.maintenance);
        QVERIFY(at.web().standing == (StandingOrder{true, false, 9}));
        QVERIFY(at.erp().standing == StandingOrder());
        // What the heart remembers of this boot is newer than the disk.
        started.previous.emplace();
        recallStandingOrders(step, started);
        QVERIFY(!at.state.maintenance);
    }

    void aResourceIsRestartedWithWhatStandsOnIt() {
        Workplace at;
        at.configuration.groups[0].resources.resize(3);
        at.configuration.groups[0].resources[1].after = {model::ResourceId(0)};
        at.erp().resources.resize(3);
        for (ResourceRecord& each : at.erp().resources)
            each.state = model::ResourceState::Running;
        order(at, OrderKind::RestartResource);
        QVERIFY(!accepted(at)); // not active here
        at.own(at.erp());
        order(at, OrderKind::RestartResource, model::ResourceId(3));
        QVERIFY(!accepted(at));
        order(at, OrderKind::RestartResource);
        QVERIFY(accepted(at));
        QCOMPARE(at.erp().role, Role::Starting);
        QVERIFY(at.erp().resources[0].mustStop && at.erp().resources[1].mustStop && !at.erp().resources[2].mustStop);
    }

    void whoStartsAloneDoesNotWait() {
        Workplace at;
        order(at, OrderKind::StartAlone);
        QVERIFY(!accepted(at)); // the peer is heard
        at.state.peer.liveness = model::Liveness::Lost;
        at.state.peer.everHeard = false;
        const auto cause = [&] { return at.ask([&](StepContext& step) { return claimCause(step, at.erp()); }); };
        QVERIFY(!cause());
        order(at, OrderKind::StartAlone);
        QVERIFY(accepted(at));
        QVERIFY(cause() == ClaimCause::PeerSilent);
        for (const StandingOrder standing : {StandingOrder{true, false, 1}, StandingOrder{false, true, 1}}) {
            at.erp().standing = standing;
            order(at, OrderKind::StartAlone);
            QVERIFY(!accepted(at));
        }
    }

    // Only the key that was confirmed; and never one of this cluster.
    void aStrangersClaimIsRemovedByItsKeyOnly() {
        Workplace at;
        order(at, OrderKind::ReleaseClaim, {}, stranger);
        QVERIFY(!accepted(at)); // nobody holds
        at.held(Workplace::key(model::NodeId::Second, at.state.peer.boot, 3));
        order(at, OrderKind::ReleaseClaim, {}, *at.erp().luns[0].snapshot.holder);
        QVERIFY(!accepted(at));
        at.held(stranger);
        order(at, OrderKind::ReleaseClaim, {}, model::ReservationKey{stranger.value + 0x100});
        QVERIFY(!accepted(at));
        const auto cause = [&] { return at.ask([&](StepContext& step) { return claimCause(step, at.erp()); }); };
        QVERIFY(!cause());
        order(at, OrderKind::ReleaseClaim, {}, stranger);
        QVERIFY(accepted(at));
        QVERIFY(cause() == ClaimCause::NobodyOwns);
    }

    void aStrangersClaimStaysWhereTheGroupMayNotRun() {
        using Arrange = void (*)(Workplace&);
        for (const Arrange arrange : {Arrange([](Workplace& at) { at.erp().role = Role::Active; }),
                                      Arrange([](Workplace& at) { at.erp().luns[0].known = false; }), // as it was once
                                      Arrange([](Workplace& at) { at.erp().standing.disabled = true; }),
                                      Arrange([](Workplace& at) { at.erp().standing.frozen = true; }),
                                      Arrange([](Workplace& at) { at.state.maintenance = true; })}) {
            Workplace at;
            at.held(stranger);
            arrange(at);
            order(at, OrderKind::ReleaseClaim, {}, stranger);
            QCOMPARE(at.wanted<AnswerOrder>().size(), std::size_t(1));
            QVERIFY(!accepted(at));
            QVERIFY(!at.erp().evict);
        }
    }
};

} // namespace dyad::engine

QTEST_APPLESS_MAIN(dyad::engine::StandingTest)
#include "standing_test.moc"
