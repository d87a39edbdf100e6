// SPDX-License-Identifier: Apache-2.0
// What every request and every change of a role has in common.
#include "engine/step_context.h"

#include "dies.h"
#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::ReservationCommand;
using model::ResourceId;
using model::ResourceState;
using model::ResourceVerb;
using model::Role;

class StepContextTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void noTwoRequestsHaveOneNumber();
    void nothingStartsWithoutALease();
    void whatIsAskedForIsUnderWay();
    void aRoleChangesByTheTableOnly();
    void anAlarmIsClearedByItsWholeName();
};

void StepContextTest::noTwoRequestsHaveOneNumber() {
    Workplace at;
    at.furnish(ResourceState::Running);
    at.go([&](StepContext& step) {
        for (LunRecord& lun : at.erp().luns)
            step.request(at.erp(), lun, ReservationCommand::Read);
        step.request(at.erp(), ResourceId(0), ResourceVerb::Stop);
        step.request(at.erp(), ResourceId(1), ResourceVerb::Kill);
    });
    std::set<model::OperationId> numbers;
    for (const auto& each : at.wanted<model::ReservationRequest>())
        numbers.insert(each.operation);
    for (const auto& each : at.wanted<model::ResourceRequest>())
        numbers.insert(each.operation);
    QCOMPARE(numbers.size(), std::size_t(4));
}

void StepContextTest::nothingStartsWithoutALease() {
    const auto dies = [](ResourceVerb verb, bool proven) {
        return deathOf([&] {
                   Workplace at;
                   at.furnish(ResourceState::Stopped);
                   if (proven) at.own(at.erp());
                   at.go([&, asked = verb](StepContext& step) { step.request(at.erp(), ResourceId(0), asked); });
               })
            .aborted;
    };
    QVERIFY(dies(ResourceVerb::Start, false));
    QVERIFY(!dies(ResourceVerb::Start, true));
    QVERIFY(!dies(ResourceVerb::Kill, false));
}

void StepContextTest::whatIsAskedForIsUnderWay() {
    for (const auto& [verb, state] : {std::pair(ResourceVerb::Start, ResourceState::Starting),
                                      std::pair(ResourceVerb::Stop, ResourceState::Stopping),
                                      std::pair(ResourceVerb::Kill, ResourceState::Stopping),
                                      std::pair(ResourceVerb::Probe, ResourceState::Running)}) {
        Workplace at;
        at.furnish(ResourceState::Running);
        at.own(at.erp());
        at.erp().resources[0].detail = "of before";
        at.go([&, asked = verb](StepContext& step) { step.request(at.erp(), ResourceId(0), asked); });
        QCOMPARE(at.erp().resources[0].state, state);
        QCOMPARE(at.erp().resources[0].detail, std::string());
        QVERIFY(at.erp().resources[0].pending && at.erp().resources[0].pending->verb == verb);
    }
}

void StepContextTest::aRoleChangesByTheTableOnly() {
    Workplace at;
    at.erp().role = Role::Maintenance;
    at.now = at.now + 1s;
    at.go([&](StepContext& step) { step.transition(at.erp(), Trigger::MaintenanceOff, "by ops"); });
    QCOMPARE(at.erp().role, Role::Standby);
    QCOMPARE(at.erp().since, at.now);
    QVERIFY(at.erp().why.find("(by ops)") != std::string::npos);
    const Death death =
        deathOf([&] { at.go([&](StepContext& step) { step.transition(at.erp(), Trigger::ReservationWon); }); });
    QVERIFY(death.aborted && death.words.find("transition table") != std::string::npos);
}

void StepContextTest::anAlarmIsClearedByItsWholeName() {
    const std::set<std::string> others{"link.lost:b", "link.lost:a-b", "link.lost:ab", "link.last:a", "a", "link.lost:"};
    Workplace at;
    at.state.alarms = others;
    at.state.alarms.insert("link.lost:a");
    for (int again = 0; again < 2; ++again) {
        at.go([](StepContext& step) { step.clear("link.lost:", "a"); });
        QVERIFY(at.state.alarms == others);
        QCOMPARE(at.wanted<ClearAlarm>().size(), again == 0 ? std::size_t(1) : std::size_t(0));
    }
    at.state.alarms = {"link.lost:ab", "link.last:b"};
    at.go([](StepContext& step) { step.clear("link.lost:", "b"); });
    QCOMPARE(at.state.alarms.size(), std::size_t(2));
}

QTEST_GUILESS_MAIN(StepContextTest)
#include "step_context_test.moc"
