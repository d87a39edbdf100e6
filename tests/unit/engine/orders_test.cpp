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

namespace {

constexpr Instant origin = Workplace::origin;
constexpr Duration patience = 10s; // Timeouts::orderPatience

// Whether the order is accepted; nothing unless it was answered once, and by its number.
std::optional<bool> order(Workplace& at, OrderKind kind) {
    at.go([&](StepContext& step) { takeOrder(step, {model::RequestId(7), kind, model::GroupId(0), {}, {}, false, "ops"}); });
    const auto answers = at.wanted<AnswerOrder>();
    if (answers.size() != 1 || answers[0].request != model::RequestId(7)) return {};
    return answers[0].accepted;
}
void wish(Workplace& at) {
    at.go([&](StepContext& step) { driveWishes(step, at.erp()); });
}
void runsHere(Workplace& at) { at.own(at.erp()); }
void runsThere(Workplace& at) { at.word(at.erp()).role = Role::Active; }
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
