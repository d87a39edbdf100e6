// SPDX-License-Identifier: Apache-2.0
// What operators want, and what moves by policy: an order is answered once, and done or refused whole.
#include "engine/procedures/procedures.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::NodeId;
using model::OrderKind;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)
Q_DECLARE_METATYPE(OrderKind)

namespace {

constexpr Instant origin = Workplace::origin;
constexpr Duration patience = 10s; // Timeouts::orderPatience

// Whether the order is accepted; nothing unless it was answered once, and by its number.
std::optional<bool> order(Workplace& at, OrderKind kind) {
    at.go([&](StepContext& step) {
        takeOrder(step, {model::RequestId(7), kind, model::GroupId(0), {}, {}, false, "ops"});
    });
    const auto answers = at.wanted<AnswerOrder>();
    if (answers.size() != 1 || answers[0].request != model::RequestId(7)) return {};
    return answers[0].accepted;
}
// What the order is refused with; empty: it is not.
std::string refusal(Workplace& at, OrderKind kind) {
    return order(at, kind) == false ? at.wanted<AnswerOrder>().front().text : std::string();
}
void wish(Workplace& at) {
    at.go([&](StepContext& step) { driveWishes(step, at.erp()); });
}
void runsHere(Workplace& at) { at.own(at.erp()); }
void runsThere(Workplace& at) { at.word(at.erp()).role = Role::Active; }
// A minute has passed, and everything has begun at a time of its own.
void sincesApart(Workplace& at) {
    at.now = origin + 60s;
    at.state.peer.since = at.now - 11s;
    at.state.peer.statusSince = at.now - 12s;
    at.erp().peerRoleSince = at.now - 13s;
    at.erp().since = at.now - 14s;
    at.erp().standingSince = at.now - 15s;
    at.erp().luns[0].pathDownSince = at.now - 16s;
    at.erp().luns[1].pathDownSince = at.now - 17s;
}
// The preferred node has come back and is well for a minute; nobody moved the group since.
void failbackIsDue(Workplace& at) {
    runsHere(at);
    at.configuration.groups[0].failback = model::Failback::Auto;
    at.configuration.groups[0].prefer = NodeId::Second;
    at.erp().wonAt = origin - 1s;
    at.now = origin + 60s;
}

} // namespace

class OrdersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aSwitchbackGoesToThePreferredNode();
    void theGroupIsFetchedFromAPeerThatRunsIt();
    void theGroupIsNotFetched_data();
    void theGroupIsNotFetched();
    void aFailureIsClearedOnceEverythingIsDown();
    void thePeerIsAskedUntilItStopsTheGroup_data();
    void thePeerIsAskedUntilItStopsTheGroup();
    void anOrderThatThePeerDoesNotFollowIsGivenUp();
    void aRefusedClaimIsForgottenOnceThePeerRunsTheGroup();
    void aRefusalSaysSinceWhen_data();
    void aRefusalSaysSinceWhen();
    void whoReachesNoGatewayHandsOver();
    void failback_data();
    void failback();
};

void OrdersTest::aSwitchbackGoesToThePreferredNode() {
    Workplace here;
    runsHere(here);
    QVERIFY(order(here, OrderKind::Switchback) == false); // no node is preferred
    QCOMPARE(here.erp().role, Role::Active);
    here.configuration.groups[0].prefer = NodeId::First;
    QVERIFY(order(here, OrderKind::Switchback) == false); // it is there already
    here.configuration.groups[0].prefer = NodeId::Second;
    QVERIFY(order(here, OrderKind::Switchback) == true);
    QCOMPARE(here.erp().role, Role::Stopping);
}

void OrdersTest::theGroupIsFetchedFromAPeerThatRunsIt() {
    Workplace at;
    runsThere(at);
    QVERIFY(order(at, OrderKind::Switchover) == true);
    QVERIFY(at.erp().asksUntil == at.now + patience);
    QCOMPARE(at.erp().role, Role::Standby);
    Workplace back;
    runsThere(back);
    back.configuration.groups[0].prefer = NodeId::Second;
    QVERIFY(order(back, OrderKind::Switchback) == false);
    back.configuration.groups[0].prefer = NodeId::First;
    QVERIFY(order(back, OrderKind::Switchback) == true);
}

void OrdersTest::theGroupIsNotFetched_data() {
    QTest::addColumn<Arrange>("arrange");
    const auto row = [](const char* name, Arrange arrange) { QTest::newRow(name) << arrange; };
    row("this node has no path", [](Workplace& at) { at.erp().luns[1].pathUp = false; });
    row("this node starts it", [](Workplace& at) { runsHere(at), at.erp().role = Role::Starting; });
    row("the peer's service is dead", [](Workplace& at) { at.state.peer.status.serviceAlive = false; });
    row("the peer is silent", [](Workplace& at) { at.state.peer.liveness = Liveness::Lost; });
    row("the peer has no word", [](Workplace& at) { at.state.peer.status.groups.clear(); });
    row("the peer only starts it", [](Workplace& at) { at.word(at.erp()).role = Role::Starting; });
}

void OrdersTest::theGroupIsNotFetched() {
    QFETCH(Arrange, arrange);
    Workplace at;
    runsThere(at);
    arrange(at);
    const Role before = at.erp().role;
    QVERIFY(order(at, OrderKind::Switchover) == false);
    QVERIFY(!at.erp().asksUntil);
    QCOMPARE(at.erp().role, before);
}

void OrdersTest::aFailureIsClearedOnceEverythingIsDown() {
    Workplace at;
    at.furnish(model::ResourceState::Stopped);
    at.erp().role = Role::Failed;
    at.erp().resources[1].failures = {origin, origin};
    at.erp().resources[1].state = model::ResourceState::Failed;
    QVERIFY(order(at, OrderKind::ClearFailure) == false);
    QCOMPARE(at.erp().role, Role::Failed);
    at.erp().resources[1].state = model::ResourceState::Stopped;
    QVERIFY(order(at, OrderKind::ClearFailure) == true);
    QCOMPARE(at.erp().role, Role::Standby);
    QVERIFY(at.erp().resources[1].failures.empty()); // the ladder begins anew
}

void OrdersTest::thePeerIsAskedUntilItStopsTheGroup_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("asks");
    const auto row = [](const char* name, Arrange arrange, bool asks) { QTest::newRow(name) << arrange << asks; };
    row("it runs it", runsThere, true);
    row(
        "it stops it", [](Workplace&) {}, false);
    row(
        "its service died over it", [](Workplace& at) { at.state.peer.status.serviceAlive = false; }, true);
    row(
        "it is silent", [](Workplace& at) { at.state.peer.liveness = Liveness::Suspect; }, true);
    row(
        "it has no word", [](Workplace& at) { at.state.peer.status.groups.clear(); }, true);
}

void OrdersTest::thePeerIsAskedUntilItStopsTheGroup() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, asks);
    Workplace at;
    at.word(at.erp()).role = Role::Stopping;
    at.erp().asksUntil = at.now + 1s;
    arrange(at);
    wish(at);
    QCOMPARE(at.erp().asksUntil.has_value(), asks);
    QCOMPARE(at.told(kind::order), std::size_t(0));
}

void OrdersTest::anOrderThatThePeerDoesNotFollowIsGivenUp() {
    Workplace at;
    runsThere(at);
    at.erp().asksUntil = at.now + 1ns;
    wish(at);
    QVERIFY(at.erp().asksUntil && at.deadline == at.now + 1ns);
    at.now = at.now + 1ns;
    wish(at);
    QVERIFY(!at.erp().asksUntil);
    QCOMPARE(at.told(kind::order), std::size_t(1));
    QCOMPARE(at.line(kind::order).severity, model::Severity::Warning);
}

void OrdersTest::aRefusedClaimIsForgottenOnceThePeerRunsTheGroup() {
    for (const Arrange arrange : {Arrange([](Workplace& at) { at.state.peer.status.groups.clear(); }),
                                  Arrange([](Workplace& at) { at.state.peer.status.serviceAlive = false; }),
                                  Arrange([](Workplace& at) { at.word(at.erp()).role = Role::Starting; })}) {
        Workplace at;
        runsThere(at);
        at.state.alarms = {"group.claim:erp"};
        arrange(at);
        wish(at);
        QVERIFY(at.alarm("group.claim:erp"));
    }
    Workplace at;
    runsThere(at);
    at.state.alarms = {"group.claim:erp"};
    wish(at);
    QVERIFY(!at.alarm("group.claim:erp"));
}

void OrdersTest::aRefusalSaysSinceWhen_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<OrderKind>("kind");
    QTest::addColumn<QString>("text");
    const auto row = [](const char* name, Arrange arrange, const char* text, OrderKind kind = OrderKind::Switchover) {
        QTest::newRow(name) << arrange << kind << QString(text);
    };
    // It runs here and is to go to the peer.
    row(
        "the peer is lost", [](Workplace& at) { runsHere(at), at.state.peer.liveness = Liveness::Lost; },
        "beta is lost (for 11 s): repair it or its links first");
    row(
        "the peer's service is dead", [](Workplace& at) { runsHere(at), at.state.peer.status.serviceAlive = false; },
        "the service on beta does not run (for 12 s): start it first");
    row(
        "the peer is in maintenance", [](Workplace& at) { runsHere(at), at.state.peer.status.maintenance = true; },
        "beta is in maintenance (for 12 s): end it there with `dyad maintenance beta off`");
    row(
        "the peer leaves", [](Workplace& at) { runsHere(at), at.state.peer.status.leaving = true; },
        "beta is shutting down (for 12 s)");
    row(
        "it failed there",
        [](Workplace& at) { runsHere(at), at.word(at.erp()).role = Role::Failed, at.word(at.erp()).unfit = true; },
        "the group failed on beta (for 13 s): repair it there, then `dyad clear-failure`");
    row(
        "the peer is unfit", [](Workplace& at) { runsHere(at), at.word(at.erp()).unfit = true; },
        "beta can't run the group now (no path to the array or no gateway in reach): look at `dyad status` there");
    row(
        "the peer has another file", [](Workplace& at) { runsHere(at), at.state.peer.status.groups.clear(); },
        "beta does not know this group: compare the files with `dyad config diff`");
    // It runs there and is to come here.
    row(
        "this node is in maintenance",
        [](Workplace& at) { runsThere(at), at.state.maintenance = true, at.erp().role = Role::Maintenance; },
        "alpha is in maintenance (for 14 s): end it with `dyad maintenance alpha off`");
    row(
        "maintenance began while it was failed here",
        [](Workplace& at) { runsThere(at), at.state.maintenance = true, at.erp().role = Role::Failed; },
        "alpha is in maintenance: end it with `dyad maintenance alpha off`");
    row(
        "it failed here", [](Workplace& at) { runsThere(at), at.erp().role = Role::Failed; },
        "the group failed here (for 14 s): repair it, then `dyad clear-failure`");
    row(
        "no path to the arbiter", [](Workplace& at) { runsThere(at), at.erp().luns[0].pathUp = false; },
        "alpha has no path to LUN one (for 16 s): check the storage network");
    row(
        "no path to another LUN", [](Workplace& at) { runsThere(at), at.erp().luns[1].pathUp = false; },
        "alpha has no path to LUN other (for 17 s): check the storage network");
    row(
        "this node leaves", [](Workplace& at) { runsThere(at), at.state.leaving = true; },
        "alpha can't run the group now: it leaves, or reaches no gateway");
    // It runs nowhere.
    row(
        "it is not active", [](Workplace&) {},
        "group erp is not active on any node that can be asked; here it is standby (for 14 s)");
    row(
        "it is not active, and why", [](Workplace& at) { at.erp().why = "it was handed over"; },
        "group erp is not active on any node that can be asked; here it is standby (for 14 s): it was handed over");
    // An order stands, or something is under way.
    row(
        "it is frozen", [](Workplace& at) { runsHere(at), at.erp().standing.frozen = true; },
        "the group is frozen (for 15 s): `dyad unfreeze erp` first");
    row(
        "it is disabled", [](Workplace& at) { runsThere(at), at.erp().standing.disabled = true; },
        "the group is disabled (for 15 s): `dyad enable erp` starts it");
    row(
        "it stops here", [](Workplace& at) { at.erp().role = Role::Stopping; },
        "the group is stopping here (for 14 s): wait until that is over", OrderKind::Freeze);
    row(
        "it stops there", [](Workplace& at) { at.word(at.erp()).role = Role::Stopping; },
        "the group is stopping on beta (for 13 s): wait until that is over", OrderKind::Freeze);
}

void OrdersTest::aRefusalSaysSinceWhen() {
    QFETCH(Arrange, arrange);
    QFETCH(OrderKind, kind);
    QFETCH(QString, text);
    Workplace at;
    sincesApart(at);
    arrange(at);
    QCOMPARE(QString::fromStdString(refusal(at, kind)), text);
}

void OrdersTest::whoReachesNoGatewayHandsOver() {
    Workplace at;
    runsHere(at);
    at.state.gatewayKnown = true;
    at.state.gatewayReachable = false;
    at.state.gatewayGoneSince = at.now;
    wish(at);
    QCOMPARE(at.erp().role, Role::Active); // it may come back in a moment
    QVERIFY(at.deadline == at.now + at.timeouts.gatewayGrace());
    at.now = *at.deadline;
    wish(at);
    QCOMPARE(at.erp().role, Role::Stopping);
    QVERIFY(at.erp().stopCause == StopCause::PublicNetwork);
}

void OrdersTest::failback_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("moves");
    const auto row = [](const char* name, Arrange arrange, bool moves) { QTest::newRow(name) << arrange << moves; };
    row(
        "due", [](Workplace&) {}, true);
    row(
        "by hand only", [](Workplace& at) { at.configuration.groups[0].failback = model::Failback::Manual; }, false);
    row(
        "on the preferred node", [](Workplace& at) { at.configuration.groups[0].prefer = NodeId::First; }, false);
    row(
        "no node is preferred", [](Workplace& at) { at.configuration.groups[0].prefer.reset(); }, false);
    row(
        "moved here while the preferred node was well", [](Workplace& at) { at.erp().wonAt = origin + 1ns; }, false);
    row(
        "won in the instant in which the peer came back", [](Workplace& at) { at.erp().wonAt = origin; }, false);
    row(
        "the peer is back for less than a minute", [](Workplace& at) { at.now = origin + 60s - 1ns; }, false);
    row(
        "the peer can't run it", [](Workplace& at) { at.word(at.erp()).unfit = true; }, false);
    row(
        "outside its time of day",
        [](Workplace& at) { at.configuration.groups[0].failbackWindow.emplace(), at.erp().failbackOpen = false; },
        false);
    row(
        "within its time of day",
        [](Workplace& at) { at.configuration.groups[0].failbackWindow.emplace(), at.erp().failbackOpen = true; }, true);
}

void OrdersTest::failback() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, moves);
    Workplace at;
    failbackIsDue(at);
    arrange(at);
    wish(at);
    QCOMPARE(at.erp().role, moves ? Role::Stopping : Role::Active);
}

QTEST_GUILESS_MAIN(OrdersTest)
#include "orders_test.moc"
