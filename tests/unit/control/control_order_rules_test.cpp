// SPDX-License-Identifier: Apache-2.0
// The parts of the order desk that know neither sockets nor the service: memory, what is under way, budgets.
#include "sample_views.h"

#include "control/protocol/order_table.h"
#include "control/server/address_budget.h"
#include "control/server/order_memory.h"
#include "control/server/orders_under_way.h"

#include <QTest>

#include <set>

using namespace dyad;
using namespace dyad::test;
using control::OrderMemory;
using control::OrdersUnderWay;

namespace {

Instant at(Duration since) { return Instant::fromNanoseconds(1'000'000'000) + since; }

} // namespace

class ControlOrderRulesTest : public QObject {
    Q_OBJECT

    std::vector<control::Response> m_answers;
    OrderMemory::Answered take() {
        return [this](const control::Response& response) { m_answers.push_back(response); };
    }

private Q_SLOTS:
    void init() { m_answers.clear(); }

    // --- memory -----------------------------------------------------------------------------------------------------

    void aRepeatGetsTheFirstOnesAnswer() {
        OrderMemory memory;
        QCOMPARE(memory.look("otto", "k", "d", at(0s), take()), OrderMemory::Found::New);
        memory.remember("otto", "k", {.status = 202, .body = "done"}, at(1s));
        QVERIFY(m_answers.empty()); // the first one is answered by whoever carries it out
        QCOMPARE(memory.look("otto", "k", "d", at(2s), take()), OrderMemory::Found::Known);
        QCOMPARE(m_answers.size(), std::size_t{1});
        QCOMPARE(m_answers[0].body, QByteArray("done"));
    }

    void aRepeatWaitsForAnAnswerThatIsNotThereYet() {
        OrderMemory memory;
        QCOMPARE(memory.look("otto", "k", "d", at(0s), take()), OrderMemory::Found::New);
        QCOMPARE(memory.look("otto", "k", "d", at(1s), take()), OrderMemory::Found::Waiting);
        QVERIFY(m_answers.empty());
        memory.remember("otto", "k", {.status = 409, .body = "no"}, at(2s));
        QCOMPARE(m_answers.size(), std::size_t{1});
        QCOMPARE(m_answers[0].status, 409u);
    }

    void aKeyStandsForOneOrderOfOnePerson() {
        OrderMemory memory;
        QCOMPARE(memory.look("otto", "k", "switchover", at(0s), take()), OrderMemory::Found::New);
        QCOMPARE(memory.look("otto", "k", "switchback", at(0s), take()), OrderMemory::Found::Other);
        QCOMPARE(memory.look("ada", "k", "switchback", at(0s), take()), OrderMemory::Found::New);
    }

    void anHourLaterItIsANewOrder() {
        OrderMemory memory;
        QCOMPARE(memory.look("otto", "k", "d", at(0s), take()), OrderMemory::Found::New);
        memory.remember("otto", "k", {}, at(0s));
        QCOMPARE(memory.look("otto", "k", "d", at(OrderMemory::kept), take()), OrderMemory::Found::Known);
        QCOMPARE(memory.look("otto", "k", "d", at(OrderMemory::kept + 1ns), take()), OrderMemory::Found::New);
    }

    void theMemoryIsBoundedAndForgetsTheOldestAnswered() {
        OrderMemory memory;
        QCOMPARE(memory.look("otto", "waits", "d", at(0s), take()), OrderMemory::Found::New); // never answered
        for (std::size_t i = 0; i < 3 * OrderMemory::maxRemembered; ++i) {
            const QByteArray key = QByteArray::number(static_cast<qulonglong>(i));
            QCOMPARE(memory.look("otto", key, "d", at(std::chrono::milliseconds(i)), take()), OrderMemory::Found::New);
            memory.remember("otto", key, {}, at(std::chrono::milliseconds(i)));
            QVERIFY(memory.size() <= OrderMemory::maxRemembered);
        }
        QCOMPARE(memory.look("otto", "waits", "d", at(10s), take()), OrderMemory::Found::Waiting);
        QCOMPARE(memory.look("otto", "0", "d", at(10s), take()), OrderMemory::Found::New);
    }

    void ordersThatWaitAreNeverForgottenForNewOnes() {
        OrderMemory memory;
        for (std::size_t i = 0; i < OrderMemory::maxRemembered; ++i)
            QCOMPARE(memory.look("otto", QByteArray::number(static_cast<qulonglong>(i)), "d", at(0s), take()),
                     OrderMemory::Found::New);
        QCOMPARE(memory.look("otto", "one more", "d", at(0s), take()), OrderMemory::Found::Full);
    }

    // --- under way --------------------------------------------------------------------------------------------------

    void aMoveIsUnderWayUntilTheOtherNodeIsActive() {
        OrdersUnderWay orders;
        model::ClusterView view = healthyView();
        orders.begin({.group = "erp", .what = "switchover of erp", .who = "otto", .sinceWallClockMs = 1}, view, at(0s));
        QVERIFY(orders.of("erp", view, at(1s)).has_value()); // nothing has moved yet
        QVERIFY(!orders.of("crm", view, at(1s)).has_value());
        view.groups[0].ownRole = model::Role::Stopping;
        QVERIFY(orders.of("erp", view, at(60s)).has_value()); // a long stop is still a move
        view.groups[0].ownRole = model::Role::Standby;
        view.groups[0].activeNode.clear();
        QVERIFY(orders.of("erp", view, at(61s)).has_value()); // nobody has it for a moment
        view.groups[0].peerRole = model::Role::Starting;
        QVERIFY(orders.of("erp", view, at(90s)).has_value());
        view.groups[0].peerRole = model::Role::Active;
        view.groups[0].activeNode = "beta";
        QVERIFY(!orders.of("erp", view, at(91s)).has_value());
    }

    void aMoveThatEndedWhereItBeganIsOverOnceNothingMoves() {
        OrdersUnderWay orders;
        model::ClusterView view = healthyView();
        orders.begin({.group = "erp", .what = "switchover of erp", .who = "otto"}, view, at(0s));
        view.groups[0].ownRole = model::Role::Stopping;
        QVERIFY(orders.of("erp", view, at(1s)).has_value());
        view.groups[0].ownRole = model::Role::Active; // it came back
        QVERIFY(orders.of("erp", view, at(2s)).has_value());
        QVERIFY(!orders.of("erp", view, at(1s + OrdersUnderWay::settles + 1ms)).has_value());
    }

    void whatNeverEndsIsForgottenOneDay() {
        OrdersUnderWay orders;
        model::ClusterView view = healthyView();
        view.groups[0].ownRole = model::Role::Stopping;
        orders.begin({.group = "erp", .what = "switchover of erp", .who = "otto"}, view, at(0s));
        QVERIFY(orders.of("erp", view, at(OrdersUnderWay::longest)).has_value());
        QVERIFY(!orders.of("erp", view, at(OrdersUnderWay::longest + 1s)).has_value());
    }

    void theFirstOneIsNamedWithTimeAndPlace() {
        const control::OrderUnderWay order{.group = "erp",
                                           .what = "switchover of erp",
                                           .who = "otto",
                                           .address = "10.77.1.5",
                                           .node = "alpha",
                                           .sinceWallClockMs = viewWallMs};
        QCOMPARE(QString::fromStdString(order.sentence()),
                 "switchover of erp, ordered by otto from 10.77.1.5 at 16:40:03 UTC, is still under way");
    }

    // --- budgets ----------------------------------------------------------------------------------------------------

    void aBudgetIsSpentAndComesBack() {
        control::AddressBudget budget(3, 2s);
        const QHostAddress a("10.0.0.1");
        for (int i = 0; i < 3; ++i)
            QVERIFY(budget.take(a, at(0s)));
        QVERIFY(!budget.take(a, at(0s)));
        QVERIFY(budget.wait(a, at(0s)) > 1900ms && budget.wait(a, at(0s)) <= 2s);
        QVERIFY(budget.take(QHostAddress("10.0.0.2"), at(0s))); // everybody has one's own
        QVERIFY(!budget.take(a, at(1s)));
        QVERIFY(budget.take(a, at(2s)));
        QVERIFY(!budget.take(a, at(2s)));
        for (int i = 0; i < 3; ++i)
            QVERIFY(budget.take(a, at(1000s))); // never more than the burst
        QVERIFY(!budget.take(a, at(1000s)));
    }

    void theTableOfAddressesIsBounded() {
        control::AddressBudget budget(1, 1h);
        for (quint32 i = 0; i < 10 * control::AddressBudget::maxAddresses; ++i)
            QVERIFY(budget.take(QHostAddress(0x0a000000u + i), at(std::chrono::milliseconds(i))));
        QCOMPARE(budget.addresses(), control::AddressBudget::maxAddresses);
    }

    // --- the table --------------------------------------------------------------------------------------------------

    void everyOrderHasItsWordsAndItsOwnPlaceOnTheServer() {
        std::set<std::string> places;
        for (const control::OrderRow& row : control::orderTable()) {
            const model::Order order{.kind = row.kind, .group = "erp", .node = "beta", .who = "", .resource = "database"};
            QVERIFY(std::string(row.help).size() > 10 && std::string(row.effect).find("%1") != std::string::npos);
            const std::string place = control::pathOf(order).toStdString() + " " + control::bodyOf(order).toStdString();
            QVERIFY2(places.insert(place).second, place.c_str());
            QVERIFY(row.needs == control::AccessRole::Operator || row.needs == control::AccessRole::Admin);
        }
    }
};

QTEST_APPLESS_MAIN(ControlOrderRulesTest)
#include "control_order_rules_test.moc"
