// SPDX-License-Identifier: Apache-2.0
// Orders at the desk: told once, told to the right node, told about each other, written down.
#include "fake_peer.h"
#include "fake_service.h"
#include "sample_views.h"

#include "control/protocol/object_reader.h"
#include "control/server/order_desk.h"

#include <QTest>

#include <memory>

using namespace dyad;
using namespace dyad::test;
using model::OrderKind;
using model::Role;

class ControlOrderDeskTest : public QObject {
    Q_OBJECT

    FakeService m_service;
    FakePeer m_peer;
    std::unique_ptr<control::OrderDesk> m_desk;
    Instant m_now = Instant::fromNanoseconds(1'000'000'000);
    std::vector<control::Response> m_answers;

    control::Call call(const QByteArray& key = {}, const char* who = "otto") {
        control::Call call;
        call.request.method = "POST";
        call.request.target = "/v1/groups/erp/switchover";
        call.request.idempotencyKey = key;
        call.caller = {.name = who, .role = control::AccessRole::Operator, .address = "10.77.1.5", .node = ""};
        call.answered = [this](const control::Response& response) { m_answers.push_back(response); };
        return call;
    }
    control::Call passedOn() {
        control::Call passed = call();
        passed.caller.node = "beta";
        return passed;
    }
    static model::Order order(OrderKind kind = OrderKind::Switchover) {
        const bool node = kind == OrderKind::MaintenanceOn || kind == OrderKind::MaintenanceOff;
        model::Order order;
        order.kind = kind;
        (node ? order.node : order.group) = node ? "beta" : "erp";
        order.who = "otto";
        return order;
    }
    [[nodiscard]] QJsonObject last() const {
        return control::objectFromBytes(m_answers.back().body, "the answer").value();
    }
    // As the standby sees it: the group is active at the peer.
    void ownerIsThePeer() {
        model::GroupView& group = m_service.shown.groups[0];
        group.activeNode = "beta";
        group.ownRole = Role::Standby;
        group.peerRole = Role::Active;
    }

private Q_SLOTS:
    void init() {
        m_service = FakeService();
        m_service.shown = healthyView();
        m_peer = FakePeer();
        m_answers.clear();
        m_desk = std::make_unique<control::OrderDesk>(m_service, [this] { return m_now; });
        m_desk->setPeer(&m_peer);
    }

    // --- a repeat ---------------------------------------------------------------------------------------------------

    void aRepeatIsNotCarriedOutAgain() {
        m_desk->give(call("k1"), order());
        m_desk->give(call("k1"), order());
        QCOMPARE(m_service.orders.size(), std::size_t{1});
        QCOMPARE(m_answers.size(), std::size_t{2});
        QCOMPARE(m_answers[1].status, 202u);
        QCOMPARE(m_answers[1].body, m_answers[0].body);
    }

    void aRepeatWhileTheServiceThinksWaitsWithTheFirst() {
        m_service.answerNever = true;
        m_desk->give(call("k1"), order());
        m_desk->give(call("k1"), order());
        QVERIFY(m_answers.empty());
        m_service.waiting.at(0)({.accepted = false, .text = "beta is lost"});
        QCOMPARE(m_service.orders.size(), std::size_t{1});
        QCOMPARE(m_answers.size(), std::size_t{2});
        QCOMPARE(m_answers[0].status, 409u);
    }

    void aKeyForAnotherOrderIsRefused() {
        m_desk->give(call("k1"), order());
        control::Call other = call("k1");
        other.request.target = "/v1/groups/erp/switchback";
        m_desk->give(other, order(OrderKind::Switchback));
        QCOMPARE(m_answers[1].status, 422u);
        QCOMPARE(m_service.orders.size(), std::size_t{1});
        m_desk->give(call(QByteArray(200, 'k')), order());
        QCOMPARE(m_answers[2].status, 400u);
    }

    // --- two operators ----------------------------------------------------------------------------------------------

    void theSecondOperatorIsToldAboutTheFirst() {
        m_desk->give(call("a"), order());
        m_service.shown.groups[0].ownRole = Role::Stopping;
        m_desk->give(call("b", "ada"), order(OrderKind::Switchback));
        QCOMPARE(m_service.orders.size(), std::size_t{1});
        QCOMPARE(m_answers[1].status, 409u);
        QVERIFY(last()["text"].toString().contains("switchover of erp, ordered by otto from 10.77.1.5"));
        QCOMPARE(last()["under_way"].toObject()["who"].toString(), "otto");
        QCOMPARE(m_service.audited.back().who, std::string("ada"));
        QCOMPARE(m_service.audited.back().result, std::string("refused"));
    }

    void onceTheFirstIsOverTheSecondIsCarriedOut() {
        m_desk->give(call(), order());
        m_service.shown.groups[0].ownRole = Role::Stopping;
        m_desk->observe();
        ownerIsThePeer();
        m_desk->observe();
        m_service.shown.groups[0].activeNode = "alpha"; // and back by itself
        m_service.shown.groups[0].ownRole = Role::Active;
        m_service.shown.groups[0].peerRole = Role::Standby;
        m_desk->give(call(), order());
        QCOMPARE(m_service.orders.size(), std::size_t{2});
    }

    void aRefusedOrderIsNotUnderWay() {
        m_service.answer = {.accepted = false, .text = "beta is lost"};
        m_desk->give(call(), order());
        m_service.answer = {.accepted = true, .text = "erp moves"};
        m_desk->give(call({}, "ada"), order());
        QCOMPARE(m_answers[1].status, 202u);
    }

    void theFirstOperatorAtTheOtherNodeIsToldOf() {
        m_service.shown.groups[0].ownRole = Role::Stopping; // and nobody here asked for that
        m_peer.answers.push_back({.status = 200,
                                  .body = R"({"orders":[{"group":"erp","what":"switchover of erp","who":"ada",)"
                                          R"("address":"10.77.1.9","node":"beta","since_wall_ms":5}]})"});
        m_desk->give(call(), order());
        QCOMPARE(m_peer.asked.at(0).target, QByteArray("/v1/orders"));
        QCOMPARE(m_answers.at(0).status, 409u);
        QVERIFY(last()["text"].toString().contains("ordered by ada from 10.77.1.9"));
        QVERIFY(m_service.orders.empty());
    }

    void aPeerThatKnowsNothingOfItLeavesTheWordToTheService() {
        m_service.shown.groups[0].ownRole = Role::Stopping;
        m_service.answer = {.accepted = false, .text = "it is stopping"};
        m_peer.neverReached();
        m_desk->give(call(), order());
        QCOMPARE(last()["text"].toString(), "it is stopping");
    }

    // --- the right node ---------------------------------------------------------------------------------------------

    void theOwnerCarriesOutASwitchover() {
        ownerIsThePeer();
        m_peer.answers.push_back(
            {.status = 202, .contentType = "application/json", .body = R"({"accepted":true,"text":"moves","node":"beta"})"});
        m_desk->give(call("k1"), order());
        QCOMPARE(m_peer.asked.size(), std::size_t{1});
        const control::PeerQuestion& asked = m_peer.asked[0];
        QCOMPARE(asked.method, QByteArray("POST"));
        QCOMPARE(asked.target, QByteArray("/v1/groups/erp/switchover"));
        QCOMPARE(asked.idempotencyKey, QByteArray("k1"));
        QCOMPARE(asked.operatorName, std::string("otto"));
        QCOMPARE(asked.operatorRole, std::string("operator"));
        QCOMPARE(asked.operatorAddress, std::string("10.77.1.5"));
        QVERIFY(m_service.orders.empty());
        QCOMPARE(m_answers.at(0).status, 202u);
        QCOMPARE(last()["node"].toString(), "beta");
        QCOMPARE(m_service.audited.at(0).result, std::string("passed on"));
    }

    void whatWasPassedOnIsNeverPassedOnAgain() {
        ownerIsThePeer(); // the two nodes see it differently: without a rule they would ask each other for ever
        m_desk->give(passedOn(), order());
        QVERIFY(m_peer.asked.empty());
        QCOMPARE(m_service.orders.size(), std::size_t{1});
        QCOMPARE(m_service.audited.at(0).who, std::string("otto"));
        QCOMPARE(m_service.audited.at(0).viaNode, std::string("beta"));
        QCOMPARE(m_service.audited.at(0).address, std::string("10.77.1.5"));
    }

    void anOwnerThatCantBeAskedIsAskedByHeartbeat() {
        ownerIsThePeer();
        m_peer.neverReached();
        m_desk->give(call(), order());
        QCOMPARE(m_service.orders.size(), std::size_t{1}); // the engine asks for the group itself
        QCOMPARE(m_answers.at(0).status, 202u);
    }

    // Sent, not answered, and the group is here by now: carrying it out here would move it back again.
    void anOrderThatMayHaveArrivedIsNotGivenASecondTime() {
        ownerIsThePeer();
        m_desk->give(call(), order());
        m_service.shown.groups[0].activeNode = "alpha";
        m_service.shown.groups[0].ownRole = Role::Active;
        m_peer.waiting.at(0)({.mayHaveArrived = true, .error = {"ask", "beta", "no answer in time", ""}});
        QVERIFY(m_service.orders.empty());
        QCOMPARE(m_answers.at(0).status, 504u);
        QVERIFY(last()["error"].toObject()["came_back"].toString().contains("may carry the order out all the same"));
    }

    void anOrderThatWasNotSentIsNotGivenToAnotherOwner() {
        ownerIsThePeer();
        m_desk->give(call(), order());
        m_service.shown.groups[0].activeNode = "alpha"; // beta died, and alpha took over
        m_service.shown.groups[0].ownRole = Role::Active;
        m_peer.waiting.at(0)({.mayHaveArrived = false, .error = {"ask", "beta", "No route to host", ""}});
        QVERIFY(m_service.orders.empty());
        QCOMPARE(m_answers.at(0).status, 503u);
    }

    void maintenanceOfThePeerIsItsOwnAffair() {
        control::Call maintenance = call();
        maintenance.request.target = "/v1/nodes/beta/maintenance";
        m_peer.neverReached();
        m_desk->give(maintenance, order(OrderKind::MaintenanceOn));
        QVERIFY(m_service.orders.empty());
        QCOMPARE(m_answers.at(0).status, 503u);
        const QJsonObject error = last()["error"].toObject();
        QVERIFY(error["came_back"].toString().contains("Connection refused"));
        QVERIFY(error["remedy"].toString().contains("on beta itself"));
        QCOMPARE(m_service.audited.at(0).result, std::string("not passed on"));
    }

    void aFailureIsClearedWhereItIs_data() {
        QTest::addColumn<int>("own");
        QTest::addColumn<int>("peer");
        QTest::addColumn<bool>("passes");
        QTest::newRow("failed there") << int(Role::Active) << int(Role::Failed) << true;
        QTest::newRow("failed here") << int(Role::Failed) << int(Role::Active) << false;
        QTest::newRow("failed on both") << int(Role::Failed) << int(Role::Failed) << false;
        QTest::newRow("failed nowhere") << int(Role::Active) << int(Role::Standby) << false;
    }
    void aFailureIsClearedWhereItIs() {
        QFETCH(int, own);
        QFETCH(int, peer);
        QFETCH(bool, passes);
        m_service.shown.groups[0].ownRole = static_cast<Role>(own);
        m_service.shown.groups[0].peerRole = static_cast<Role>(peer);
        m_desk->give(call(), order(OrderKind::ClearFailure));
        QCOMPARE(!m_peer.asked.empty(), passes);
        QCOMPARE(m_service.orders.empty(), passes);
    }

    void withoutAPeerEverythingIsDoneHere() {
        m_desk->setPeer(nullptr);
        ownerIsThePeer();
        m_desk->give(call(), order());
        QCOMPARE(m_service.orders.size(), std::size_t{1});
    }

    // --- alarms -----------------------------------------------------------------------------------------------------

    void anAlarmIsAcknowledgedOnBothNodes() {
        m_service.shown = splitView();
        m_peer.answers.push_back({.status = 202, .body = R"({"accepted":true,"text":"there, too","node":"beta"})"});
        m_desk->acknowledge(call(), "peer.lost");
        QCOMPARE(m_answers.at(0).status, 202u);
        QCOMPARE(m_service.shown.alarms[0].acknowledgedBy, std::string("otto"));
        QVERIFY(last()["text"].toString().contains("and on beta"));
        QCOMPARE(m_service.audited.at(0).what, std::string("acknowledge"));
    }

    void anAlarmOfThePeerIsAcknowledgedThere() {
        m_peer.answers.push_back(
            {.status = 202, .body = R"({"accepted":true,"text":"acknowledged on beta","node":"beta"})"});
        m_desk->acknowledge(call(), "gateway.lost");
        QCOMPARE(m_answers.at(0).status, 202u);
        QCOMPARE(last()["node"].toString(), "beta");
    }

    void anAlarmThatStandsNowhere() {
        m_peer.answers.push_back({.status = 409, .body = R"({"accepted":false,"text":"none","node":"beta"})"});
        m_desk->acknowledge(call(), "gateway.lost");
        QCOMPARE(m_answers.at(0).status, 409u);
        QVERIFY(last()["text"].toString().contains("no alarm"));
    }

    // --- preview ----------------------------------------------------------------------------------------------------

    void aPreviewTellsEffectCostAndObstacle() {
        m_service.clients = 12;
        m_service.predicted = {{"stop database", 400ms, 3}, {"start database", 1100ms, 2}};
        m_service.answer = {.accepted = false, .text = "beta is in maintenance"};
        m_desk->preview(call(), order());
        QCOMPARE(m_answers.at(0).status, 200u);
        QCOMPARE(last()["clients"].toInt(), 12);
        QCOMPARE(last()["seconds"].toDouble(), 1.5);
        QCOMPARE(last()["steps"].toArray().size(), qsizetype{2});
        QCOMPARE(last()["allowed"].toBool(), false);
        QCOMPARE(last()["text"].toString(), "beta is in maintenance");
        QVERIFY(last()["effect"].toString().startsWith("erp is stopped where it runs"));
        QVERIFY(m_service.orders.empty());
        QVERIFY(m_service.audited.empty());
    }

    void aPreviewIsToldByWhoeverWouldDoIt() {
        ownerIsThePeer();
        m_peer.answers.push_back({.status = 200, .contentType = "application/json", .body = R"({"node":"beta"})"});
        m_desk->preview(call(), order());
        QCOMPARE(last()["node"].toString(), "beta");
        m_peer.neverReached();
        m_desk->preview(call(), order());
        QCOMPARE(last()["node"].toString(), "alpha");
        QVERIFY(last()["caveat"].toString().contains("beta, which would carry it out, can't be asked"));
    }

    void aPreviewKnowsOfTheOrderUnderWay() {
        m_desk->give(call(), order());
        m_desk->preview(call({}, "ada"), order());
        QCOMPARE(last()["allowed"].toBool(), false);
        QCOMPARE(last()["under_way"].toObject()["who"].toString(), "otto");
    }
};

QTEST_GUILESS_MAIN(ControlOrderDeskTest)
#include "control_order_desk_test.moc"
