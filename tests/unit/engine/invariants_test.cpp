// SPDX-License-Identifier: Apache-2.0
// Each invariant stops the service when it is broken, and says which one it was.
#include "engine/engine.h"
#include "engine/invariants.h"

#include "dies.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::ResourceState;
using model::Role;

namespace {

// A group that is active by the book.
State good() {
    State state;
    state.groups.resize(1);
    GroupRecord& group = state.groups[0];
    group.role = Role::Active;
    group.settled = true;
    group.epoch = model::Epoch(3);
    group.luns.resize(1);
    group.luns[0].provenEpoch = group.epoch;
    group.resources.resize(1);
    group.resources[0].state = ResourceState::Running;
    return state;
}

Death deathWith(void (*spoil)(GroupRecord&)) {
    return deathOf([spoil] {
        State state = good();
        spoil(state.groups[0]);
        checkInvariants(state);
    });
}

} // namespace

class InvariantsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aGoodStatePasses();
    void brokenOnesAbort_data();
    void brokenOnesAbort();
    void whatMayBeUnderWay();
    void theEngineRefusesToBeUsedWrongly();
};

void InvariantsTest::aGoodStatePasses() {
    QVERIFY(!deathWith([](GroupRecord&) {}).aborted);
}

using Spoil = void (*)(GroupRecord&);
Q_DECLARE_METATYPE(Spoil)

void InvariantsTest::brokenOnesAbort_data() {
    QTest::addColumn<Spoil>("spoil");
    QTest::addColumn<QString>("words");
    const auto row = [](const char* name, Spoil spoil, const char* words) {
        QTest::newRow(name) << spoil << QString::fromLatin1(words);
    };
    row(
        "proof of an older epoch", [](GroupRecord& group) { group.luns[0].provenEpoch = model::Epoch(2); },
        "without a lease");
    row(
        "never claimed", [](GroupRecord& group) { group.epoch = group.luns[0].provenEpoch = model::Epoch(); },
        "without a lease");
    row(
        "released and run", [](GroupRecord& group) { group.released = true; }, "released");
    row(
        "releasing while active", [](GroupRecord& group) { group.releasing = true; }, "isn't stopping");
    row(
        "active with a dead resource", [](GroupRecord& group) { group.resources[0].state = ResourceState::Failed; },
        "doesn't run");
    row(
        "standby with something running", [](GroupRecord& group) { group.role = Role::Standby; }, "doesn't own");
    row(
        "released under a running resource",
        [](GroupRecord& group) {
            group.role = Role::Stopping;
            group.releasing = true;
        },
        "still uses it");
    row(
        "started by a standby",
        [](GroupRecord& group) {
            group.role = Role::Standby;
            group.resources[0].pending =
                PendingResource{model::OperationId(1), group.epoch, model::ResourceVerb::Start, Instant()};
        },
        "doesn't own");
    row(
        "claiming with something running", [](GroupRecord& group) { group.role = Role::Claiming; }, "is not stopped");
    row(
        "in maintenance with something running", [](GroupRecord& group) { group.role = Role::Maintenance; },
        "is not stopped");
    row(
        "started by a standby, before anything is known of it",
        [](GroupRecord& group) {
            group.role = Role::Standby;
            group.settled = false;
            group.resources[0].pending =
                PendingResource{model::OperationId(1), group.epoch, model::ResourceVerb::Start, Instant()};
        },
        "is started by a node");
}

void InvariantsTest::whatMayBeUnderWay() {
    // A start may still be pending where the lease has just been lost, or a stop has just failed; and a stop anywhere.
    const auto passes = [](Role role, model::ResourceVerb verb) {
        return !deathOf([&] {
                    State state = good();
                    GroupRecord& group = state.groups[0];
                    group.role = role;
                    group.resources[0].state = role == Role::Standby ? ResourceState::Stopped : ResourceState::Starting;
                    group.resources[0].pending = PendingResource{model::OperationId(1), group.epoch, verb, Instant()};
                    checkInvariants(state);
                }).aborted;
    };
    QVERIFY(passes(Role::Starting, model::ResourceVerb::Start));
    QVERIFY(passes(Role::Lost, model::ResourceVerb::Start));
    QVERIFY(passes(Role::Failed, model::ResourceVerb::Start));
    QVERIFY(!passes(Role::Standby, model::ResourceVerb::Start));
    QVERIFY(passes(Role::Standby, model::ResourceVerb::Stop));
}

void InvariantsTest::brokenOnesAbort() {
    QFETCH(Spoil, spoil);
    QFETCH(QString, words);
    const Death death = deathWith(spoil);
    QVERIFY(death.aborted);
    QVERIFY2(QString::fromStdString(death.words).contains(words), death.words.c_str());
}

void InvariantsTest::theEngineRefusesToBeUsedWrongly() {
    model::Configuration configuration;
    configuration.groups.resize(1);
    QVERIFY(deathOf([&] { Engine(configuration, model::NodeId::First).step(Instant(), TimePassed{}); }).aborted);
    QVERIFY(deathOf([&] {
                Engine engine(configuration, model::NodeId::First);
                engine.step(Instant::fromNanoseconds(10), Started{});
                engine.step(Instant::fromNanoseconds(20), Started{});
            }).aborted);
    QVERIFY(deathOf([&] {
                Engine engine(configuration, model::NodeId::First);
                engine.step(Instant::fromNanoseconds(10), Started{});
                engine.step(Instant::fromNanoseconds(9), TimePassed{});
            }).aborted);
}

QTEST_GUILESS_MAIN(InvariantsTest)
#include "invariants_test.moc"
