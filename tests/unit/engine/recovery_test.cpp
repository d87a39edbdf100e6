// SPDX-License-Identifier: Apache-2.0
// What resources answer, or don't, and what follows from a failure.
#include "engine/procedures/procedures.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::Liveness;
using model::ResourceId;
using model::ResourceOutcome;
using model::ResourceState;
using model::ResourceVerb;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)

namespace {

constexpr std::size_t db = 1;
constexpr Duration window = 10min; // RestartLadder::window

class Hospital : public Workplace {
public:
    explicit Hospital(ResourceState is) { furnish(is); }
    ResourceRecord& patient() { return erp().resources[db]; }
    void asked(ResourceVerb verb) {
        patient().pending = PendingResource{model::OperationId(5), erp().epoch, verb, now + 1s};
    }
    void answers(ResourceOutcome outcome, const char* detail = "") {
        const model::ResourceAnswer answer{model::OperationId(5),
                                           erp().epoch,
                                           model::GroupId(0),
                                           ResourceId(db),
                                           patient().pending->verb,
                                           outcome,
                                           detail};
        go([&](StepContext& step) { noteResource(step, answer); });
    }
    void expire() {
        now = now + 1s;
        go([&](StepContext& step) { expireResources(step, erp()); });
    }
    void run() {
        go([&](StepContext& step) { driveRunning(step, erp()); });
    }
    void fail() {
        go([&](StepContext& step) { driveFailed(step, erp()); });
    }
};

// It failed here; the peer has run it since.
void failedHere(Workplace& at) {
    at.erp().role = Role::Failed;
    at.erp().since = Workplace::origin;
    at.word(at.erp()).role = Role::Active;
    at.state.alarms = {"group.failed:erp"};
    at.now = Workplace::origin + window;
}

} // namespace

class RecoveryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aProbeTellsHowItStands();
    void whatIsFoundStartingIsJoined();
    void aProbeThatDoesNotAnswerTellsNothing();
    void forceThatFailsIsADangerOnlyWhereSomethingMayRun();
    void afterAStopThatFailsComesForce();
    void whatAnswersSaysHowItWent();
    void whatComesDownAnywayIsNotCounted();
    void whatIsFrozenIsLeftAsItIs();
    void whatIsFrozenComesDownWhenTheGroupLeaves();
    void onlyFailuresWithinTheWindowCount();
    void whatFailedAgainIsToldToWait();
    void aGroupThatLeavesLeavesOnce();
    void whatIsStuckIsGivenUpBeforeAnythingElse();
    void aGroupThatRunsEndsItsAlarms();
    void theMemoryOfAFailureFades_data();
    void theMemoryOfAFailureFades();
    void theLongestWindowOfTheGroupCounts();
    void whatIsStuckWithoutAnArrayResetsTheHost();
    void whatIsStuckAndTakenIsKilledOnceMore();
};

void RecoveryTest::aProbeTellsHowItStands() {
    for (const auto& [outcome, state] : {std::pair(ResourceOutcome::Running, ResourceState::Running),
                                         std::pair(ResourceOutcome::Stopped, ResourceState::Stopped),
                                         std::pair(ResourceOutcome::Failed, ResourceState::Failed),
                                         std::pair(ResourceOutcome::Starting, ResourceState::Starting),
                                         std::pair(ResourceOutcome::CouldNotRun, ResourceState::Unknown)}) {
        Hospital at(state == ResourceState::Failed ? ResourceState::Running : ResourceState::Failed);
        at.patient().mayRun = false;
        at.asked(ResourceVerb::Probe);
        at.answers(outcome, "as it is");
        QCOMPARE(at.patient().mayRun, state != ResourceState::Stopped && state != ResourceState::Unknown);
        QCOMPARE(at.patient().state, state);
        QCOMPARE(at.patient().detail, std::string("as it is"));
    }
}

// A database that recovers while the service alone is restarted: its start is asked for, and waited for, once.
void RecoveryTest::whatIsFoundStartingIsJoined() {
    Hospital at(ResourceState::Running);
    at.own(at.erp());
    at.erp().role = Role::Starting;
    at.patient().state = ResourceState::Starting;
    const auto asked = [&] {
        at.go([&](StepContext& step) { reconcile(step, at.erp()); });
        return at.wanted<model::ResourceRequest>();
    };
    const auto requests = asked();
    QVERIFY(requests.size() == 1 && requests[0].verb == ResourceVerb::Start && requests[0].resource == ResourceId(db));
    QVERIFY(asked().empty());
    at.patient().pending.reset();
    at.patient().mustStop = true; // it is to be restarted: down first
    const auto down = asked();
    QVERIFY(down.size() == 1 && down[0].verb == ResourceVerb::Stop && down[0].resource == ResourceId(db));
    at.patient().mustStop = false;
    at.patient().pending.reset();
    at.patient().state = ResourceState::Running;
    at.erp().resources[0].state = ResourceState::Starting; // as long as something stands on it, it waits
    at.erp().resources[0].mustStop = true;
    QVERIFY(asked().empty());
    at.patient().state = ResourceState::Starting;
    at.erp().resources[0].mustStop = false;
    at.erp().resources[0].state = ResourceState::Stopped; // what it stands on is gone meanwhile
    at.erp().resources[0].pending.reset();
    at.patient().pending.reset();
    const auto below = asked();
    QVERIFY(below.size() == 1 && below[0].resource == ResourceId(0));
}

void RecoveryTest::aProbeThatDoesNotAnswerTellsNothing() {
    Hospital at(ResourceState::Running);
    at.asked(ResourceVerb::Probe);
    at.expire();
    QCOMPARE(at.patient().state, ResourceState::Unknown);
    QVERIFY(!at.patient().pending && !at.patient().detail.empty());
    QCOMPARE(at.told(kind::resourceFailed), std::size_t(0)); // it couldn't be looked at: that is no failure
}

void RecoveryTest::forceThatFailsIsADangerOnlyWhereSomethingMayRun() {
    for (const ResourceOutcome probed : {ResourceOutcome::Running, ResourceOutcome::Failed}) {
        Hospital at(ResourceState::Unknown);
        at.asked(ResourceVerb::Probe);
        at.answers(probed);
        at.asked(ResourceVerb::Kill);
        at.answers(ResourceOutcome::Failed);
        QVERIFY(at.patient().killFailed);
        QVERIFY(at.state.alarms.empty());
    }
    Hospital unknown(ResourceState::Unknown);
    unknown.asked(ResourceVerb::Probe);
    unknown.answers(ResourceOutcome::CouldNotRun);
    unknown.asked(ResourceVerb::Kill);
    unknown.answers(ResourceOutcome::CouldNotRun);
    QVERIFY(!unknown.patient().killFailed);
    QCOMPARE(unknown.patient().state, ResourceState::Stopped);
    QVERIFY(unknown.alarm("resource.unknown:erp/db"));
    QCOMPARE(unknown.wanted<RaiseAlarm>().front().severity, model::Severity::Warning);
}

void RecoveryTest::afterAStopThatFailsComesForce() {
    for (const bool late : {false, true}) {
        Hospital at(ResourceState::Stopping);
        at.asked(ResourceVerb::Stop);
        late ? at.expire() : at.answers(ResourceOutcome::Failed, "it hangs");
        QCOMPARE(at.patient().state, ResourceState::Failed); // not stopped, and not said to be
        QVERIFY(!at.patient().killFailed && !at.patient().detail.empty());
        QCOMPARE(at.line(kind::resourceFailed).severity, model::Severity::Warning);
        at.own(at.erp());
        at.erp().role = Role::Stopping;
        at.go([&](StepContext& step) { reconcile(step, at.erp()); });
        const auto requests = at.wanted<model::ResourceRequest>();
        QVERIFY(requests.size() == 1 && requests[0].verb == ResourceVerb::Kill);
    }
}

void RecoveryTest::whatAnswersSaysHowItWent() {
    Hospital starts(ResourceState::Starting);
    starts.asked(ResourceVerb::Start);
    starts.answers(ResourceOutcome::Running, "redo took 51 ms");
    QCOMPARE(starts.patient().state, ResourceState::Running);
    QCOMPARE(starts.patient().detail, std::string("redo took 51 ms"));
    for (const ResourceVerb verb : {ResourceVerb::Stop, ResourceVerb::Kill}) {
        Hospital stops(ResourceState::Stopping);
        stops.asked(verb);
        stops.answers(ResourceOutcome::Stopped, "after a checkpoint");
        QCOMPARE(stops.patient().state, ResourceState::Stopped);
        QCOMPARE(stops.patient().detail, std::string("after a checkpoint"));
        QCOMPARE(stops.told(kind::resourceStopped), std::size_t(1));
        QCOMPARE(stops.told(kind::resourceFailed), std::size_t(0));
    }
}

void RecoveryTest::whatComesDownAnywayIsNotCounted() {
    Hospital at(ResourceState::Running);
    at.own(at.erp());
    at.erp().role = Role::Starting;
    at.erp().resources[0].state = ResourceState::Starting; // what it stands on comes up anew
    at.patient().state = ResourceState::Failed;
    at.patient().mustStop = true;
    at.patient().failures = {at.now, at.now, at.now};
    at.run();
    QCOMPARE(at.erp().role, Role::Starting);
}

void RecoveryTest::whatIsFrozenIsLeftAsItIs() {
    Hospital at(ResourceState::Running);
    at.own(at.erp());
    at.erp().standing.frozen = true;
    at.patient().state = ResourceState::Failed;
    at.run();
    QCOMPARE(at.erp().role, Role::Starting); // the journal tells that it is not whole
    QVERIFY(!at.patient().mustStop);
    const auto asked = [&] {
        at.go([&](StepContext& step) { reconcile(step, at.erp()); });
        return at.wanted<model::ResourceRequest>();
    };
    at.patient().mustStop = true; // begun before it was frozen
    QVERIFY(asked().empty());
    at.patient().state = ResourceState::Stopped;
    QVERIFY(asked().empty());
    at.erp().standing.frozen = false;
    const auto requests = asked();
    QVERIFY(requests.size() == 1 && requests[0].verb == ResourceVerb::Start);
}

// The host goes down: what runs on it is stopped in order, frozen or not.
void RecoveryTest::whatIsFrozenComesDownWhenTheGroupLeaves() {
    Hospital at(ResourceState::Running);
    at.own(at.erp());
    at.erp().role = Role::Stopping;
    at.erp().standing.frozen = true;
    at.go([&](StepContext& step) { reconcile(step, at.erp()); });
    const auto requests = at.wanted<model::ResourceRequest>();
    QVERIFY(requests.size() == 1 && requests[0].verb == ResourceVerb::Stop && requests[0].resource == ResourceId(db));
}

void RecoveryTest::onlyFailuresWithinTheWindowCount() {
    const auto afterThird = [](Duration sinceTheFirst) {
        Hospital at(ResourceState::Running);
        at.now = at.now + window * 2;
        at.own(at.erp());
        at.patient().state = ResourceState::Failed;
        at.patient().failures = {at.now - sinceTheFirst, at.now - 1s, at.now};
        at.run();
        return at.erp().role;
    };
    QCOMPARE(afterThird(window), Role::Stopping); // more often than the two restarts that it has
    QCOMPARE(afterThird(window + 1ns), Role::Starting);
}

void RecoveryTest::whatFailedAgainIsToldToWait() {
    const auto told = [](std::vector<Duration> ago) {
        Hospital at(ResourceState::Running);
        at.own(at.erp());
        at.patient().state = ResourceState::Failed;
        for (const Duration each : ago)
            at.patient().failures.push_back(at.now - each);
        at.run();
        return at.line(kind::resourceProgress).text;
    };
    QCOMPARE(QString::fromStdString(told({0s})), QString());
    QCOMPARE(QString::fromStdString(told({5s, 0s})), QString("db starts again in 1 s: it failed 2 times within 600 s"));
}

void RecoveryTest::aGroupThatLeavesLeavesOnce() {
    Hospital at(ResourceState::Failed);
    at.configuration.groups[0].resources[db].after.clear();
    at.own(at.erp());
    for (ResourceRecord& each : at.erp().resources)
        each.failures = {at.now, at.now, at.now};
    at.run();
    QCOMPARE(at.erp().role, Role::Stopping);
    QCOMPARE(at.told(kind::roleChanged), std::size_t(1));
}

void RecoveryTest::whatIsStuckIsGivenUpBeforeAnythingElse() {
    Hospital at(ResourceState::Failed);
    at.own(at.erp());
    at.erp().role = Role::Starting;
    at.erp().resources[0].killFailed = true;
    at.patient().failures = {at.now, at.now, at.now};
    at.run();
    QCOMPARE(at.erp().role, Role::Failed);
    QCOMPARE(at.told(kind::roleChanged), std::size_t(1));
    QVERIFY(at.alarm("group.failed:erp"));
    QVERIFY(!at.patient().mustStop);
}

void RecoveryTest::aGroupThatRunsEndsItsAlarms() {
    Hospital at(ResourceState::Running);
    at.own(at.erp());
    at.erp().role = Role::Starting;
    at.state.alarms = {"group.failed:erp", "group.claim:erp", "gateway.lost"};
    at.run();
    QCOMPARE(at.erp().role, Role::Active);
    QVERIFY(at.state.alarms == std::set<std::string>{"gateway.lost"});
    // The journal says what happened before it says what that ends.
    const auto over = at.wanted<ClearAlarm>();
    QVERIFY(over.size() == 2 && over[0].id == "group.failed:erp" && over[1].id == "group.claim:erp");
    QVERIFY(std::holds_alternative<ClearAlarm>(at.actions.back()));
    QVERIFY(std::get<Explain>(at.actions[at.actions.size() - 3]).kind == kind::groupActive);
}

void RecoveryTest::theMemoryOfAFailureFades_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<bool>("fades");
    const auto row = [](const char* name, Arrange arrange, bool fades) { QTest::newRow(name) << arrange << fades; };
    row(
        "well at the peer's for the whole window", [](Workplace&) {}, true);
    row(
        "not yet", [](Workplace& at) { at.now = at.now - 1ns; }, false);
    row(
        "the peer's service is dead", [](Workplace& at) { at.state.peer.status.serviceAlive = false; }, false);
    row(
        "the peer is silent", [](Workplace& at) { at.state.peer.liveness = Liveness::Suspect; }, false);
    row(
        "the peer has no word", [](Workplace& at) { at.state.peer.status.groups.clear(); }, false);
    row(
        "nobody runs it: a person decides", [](Workplace& at) { at.word(at.erp()).role = Role::Failed; }, false);
    row(
        "the peer is just giving it up", [](Workplace& at) { at.word(at.erp()).role = Role::Stopping; }, false);
}

void RecoveryTest::theMemoryOfAFailureFades() {
    QFETCH(Arrange, arrange);
    QFETCH(bool, fades);
    Hospital at(ResourceState::Stopped);
    failedHere(at);
    arrange(at);
    at.fail();
    QCOMPARE(at.erp().role, fades ? Role::Standby : Role::Failed);
    QCOMPARE(at.alarm("group.failed:erp"), !fades);
    if (fades) QVERIFY(std::holds_alternative<ClearAlarm>(at.actions.back())); // after what ends it
}

void RecoveryTest::theLongestWindowOfTheGroupCounts() {
    Hospital at(ResourceState::Stopped);
    failedHere(at);
    at.configuration.groups[0].resources[db].ladder.window = 2 * window;
    at.fail();
    QCOMPARE(at.erp().role, Role::Failed);
    QVERIFY(at.deadline == Workplace::origin + 2 * window);
    for (model::ResourceSetup& each : at.configuration.groups[0].resources)
        each.ladder.window = Duration::zero();
    at.erp().since = at.now;
    at.fail();
    QCOMPARE(at.erp().role, Role::Standby);
}

void RecoveryTest::whatIsStuckWithoutAnArrayResetsTheHost() {
    Hospital at(ResourceState::Failed);
    at.erp().luns.clear();
    at.erp().role = Role::Failed;
    at.patient().killFailed = true;
    at.fail();
    QCOMPARE(at.wanted<SelfFence>().size(), std::size_t(1));
    // And nothing else, even where the lease would be gone: no array refuses what goes on here.
    at.state.peer.liveness = Liveness::Lost;
    at.state.gatewayKnown = true;
    at.state.gatewayReachable = false;
    at.fail();
    QCOMPARE(at.erp().role, Role::Failed);
    QVERIFY(at.patient().killFailed);
}

void RecoveryTest::whatIsStuckAndTakenIsKilledOnceMore() {
    Hospital at(ResourceState::Failed);
    at.own(at.erp());
    at.erp().role = Role::Failed;
    at.patient().killFailed = true;
    at.word(at.erp()).role = Role::Active;
    for (model::ResourceSetup& each : at.configuration.groups[0].resources)
        each.ladder.window = Duration::zero(); // the failure would be forgotten at once
    at.fail();
    QCOMPARE(at.erp().role, Role::Failed); // it still holds: the peer will take it
    at.erp().luns[0].snapshot.holder = Workplace::key(model::NodeId::Second, Workplace::peerBoot, 4);
    at.fail();
    QCOMPARE(at.erp().role, Role::Lost);
    QVERIFY(!at.patient().killFailed);
}

QTEST_GUILESS_MAIN(RecoveryTest)
#include "recovery_test.moc"
