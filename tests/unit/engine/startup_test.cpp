// SPDX-License-Identifier: Apache-2.0
// The first look: what is adopted, what is killed, what is claimed anew.
#include "engine/engine.h"
#include "engine/judgement/lease.h"
#include "engine/procedures/procedures.h"

#include "workplace.h"

#include <QTest>

using namespace dyad;
using namespace dyad::engine;
using model::NodeId;
using model::ReservationCommand;
using model::ResourceState;
using model::Role;

using Arrange = void (*)(Workplace&);
Q_DECLARE_METATYPE(Arrange)

namespace {

constexpr Instant origin = Workplace::origin;
constexpr Duration term = 3 * 200ms + 100ms; // Timeouts::leaseTerm of the profile

// A service that has just been started: everything of erp runs, the array shows this boot's claim of the third epoch,
// and every answer is there.
class Doorstep : public Workplace {
public:
    Doorstep() {
        furnish(ResourceState::Running);
        erp().settled = false;
        erp().epoch = model::Epoch();
        for (LunRecord& lun : erp().luns) {
            lun.snapshot.holder = key(self, ownBoot, 3);
            lun.snapshot.registrants = {*lun.snapshot.holder};
            lun.readFrom = now - 1ms;
        }
    }
    // The heart remembers that this node said so of its groups.
    void remember(Role role, std::uint32_t epoch) {
        state.previous = model::NodeStatus();
        state.previous->groups = {{.role = role, .epoch = model::Epoch(epoch), .tag = state.groups[0].tag}};
        erp().epoch = model::Epoch(epoch);
    }
    void settle() { settle(erp()); }
    void settle(GroupRecord& group) {
        go([&](StepContext& step) { settleStartup(step, group); });
    }
};

Doorstep& doorstep(Workplace& at) { return static_cast<Doorstep&>(at); }

} // namespace

class StartupTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void numbersOfAnEarlierRunNeverComeBack();
    void theHeartsMemoryMayBeShorterThanTheFile();
    void whatIsAdopted_data();
    void whatIsAdopted();
    void withoutAnArrayOnlyTheHeartRemembers();
    void theEpochIsTheOneOnTheArray();
    void whatDoesNotRunWellIsTakenDownAndUp();
    void anArrayThatCannotBeAskedIsWaitedFor();
};

void StartupTest::numbersOfAnEarlierRunNeverComeBack() {
    Workplace at;
    const auto operationsOf = [&](Instant start) {
        Engine engine(at.configuration, NodeId::First);
        std::vector<model::OperationId> all;
        for (const Action& action : engine.step(start, Started{Workplace::ownBoot, {}}))
            if (const auto* request = std::get_if<model::ReservationRequest>(&action))
                all.push_back(request->operation);
        const GroupRecord& group = engine.state().groups[0];
        // Counted from here on, as nothing is known of before.
        [&] {
            QVERIFY(group.since == start && group.luns[0].pathDownSince == start);
            QVERIFY(engine.state().peer.since == start);
        }();
        return all;
    };
    const auto earlier = operationsOf(origin);
    const auto later = operationsOf(origin + 1ms);
    QCOMPARE(earlier.size(), std::size_t(2));
    QVERIFY(earlier[0] < earlier[1] && earlier[1] < later[0]);
}

void StartupTest::theHeartsMemoryMayBeShorterThanTheFile() {
    Workplace at;
    Started started{Workplace::ownBoot, model::NodeStatus()};
    started.previous->groups = {{.role = Role::Standby,
                                 .epoch = model::Epoch(9),
                                 .tag = model::groupTag("erp")}}; // one group; the file has two now
    Engine engine(at.configuration, NodeId::First);
    engine.step(origin, started);
    QCOMPARE(engine.state().groups[0].epoch, model::Epoch(9));
    QCOMPARE(engine.state().groups[1].epoch, model::Epoch());
    engine.step(origin + 10s, TimePassed{});
    QCOMPARE(engine.state().groups[1].role, Role::Standby);
}

void StartupTest::whatIsAdopted_data() {
    QTest::addColumn<Arrange>("arrange");
    QTest::addColumn<Role>("role");
    const auto row = [](const char* name, Arrange arrange, Role role) { QTest::newRow(name) << arrange << role; };
    row(
        "ours, and it runs", [](Workplace&) {}, Role::Starting);
    row(
        "the heart remembers it, too", [](Workplace& at) { doorstep(at).remember(Role::Active, 3); }, Role::Starting);
    row(
        "nothing runs any more, but it was ours",
        [](Workplace& at) { doorstep(at).remember(Role::Active, 3), at.furnish(ResourceState::Stopped); },
        Role::Starting);
    row(
        "nothing runs, and nobody remembers", [](Workplace& at) { at.furnish(ResourceState::Stopped); }, Role::Standby);
    row(
        "it had been given up, and still runs", [](Workplace& at) { doorstep(at).remember(Role::Standby, 3); },
        Role::Lost);
    row(
        "the heart remembers nothing of this group", [](Workplace& at) { at.state.previous = model::NodeStatus(); },
        Role::Starting);
    row(
        "a LUN was never read", [](Workplace& at) { at.erp().luns[1].known = false; }, Role::Lost);
    row(
        "a LUN has no path", [](Workplace& at) { at.erp().luns[0].pathUp = false, at.now = origin + term; },
        Role::Lost);
    row(
        "a LUN refuses our writes", [](Workplace& at) { at.erp().luns[1].fenced = true; }, Role::Lost);
    row(
        "nobody holds a LUN", [](Workplace& at) { at.erp().luns[1].snapshot.holder.reset(); }, Role::Lost);
    row(
        "a boot of the peer holds both that looks like ours",
        [](Workplace& at) {
            for (LunRecord& lun : at.erp().luns)
                lun.snapshot.holder = Workplace::key(NodeId::Second, Workplace::ownBoot, 3);
        },
        Role::Lost);
    row(
        "an earlier boot of ours holds both",
        [](Workplace& at) {
            for (LunRecord& lun : at.erp().luns)
                lun.snapshot.holder = Workplace::key(NodeId::First, Workplace::deadBoot, 3);
        },
        Role::Lost);
    row(
        "the LUNs are held by two claims",
        [](Workplace& at) { at.erp().luns[1].snapshot.holder = Workplace::key(NodeId::First, Workplace::ownBoot, 2); },
        Role::Lost);
}

void StartupTest::whatIsAdopted() {
    QFETCH(Arrange, arrange);
    QFETCH(Role, role);
    Doorstep at;
    arrange(at);
    at.settle();
    QVERIFY(at.erp().settled);
    QCOMPARE(at.erp().role, role);
    QCOMPARE(leaseProven(at.erp()), role == Role::Starting);
    // Whoever isn't to write any more is shut out before anything else.
    QCOMPARE(at.wanted<CloseGate>().size(), std::size_t(role == Role::Lost ? 2 : 0));
    if (role != Role::Starting) QVERIFY(!at.erp().luns[1].fenced);
}

void StartupTest::withoutAnArrayOnlyTheHeartRemembers() {
    const auto roleAfter = [](Role role, std::uint32_t epoch, bool remembered) {
        Doorstep at;
        at.erp().luns.clear();
        if (remembered) at.remember(role, epoch);
        at.settle();
        return at.erp().role;
    };
    QCOMPARE(roleAfter(Role::Active, 3, true), Role::Starting);
    QCOMPARE(roleAfter(Role::Active, 3, false), Role::Lost);
    QCOMPARE(roleAfter(Role::Standby, 3, true), Role::Lost);
    QCOMPARE(roleAfter(Role::Active, 0, true), Role::Lost); // it never won a claim
}

void StartupTest::theEpochIsTheOneOnTheArray() {
    // A key has room for the lower half of the epoch only: the upper one is what the heart remembers.
    const auto epochAfter = [](std::uint32_t remembered) {
        Doorstep at;
        at.remember(Role::Active, remembered);
        at.settle();
        return at.erp().epoch;
    };
    QCOMPARE(epochAfter(3), model::Epoch(3));
    QCOMPARE(epochAfter(0x10003), model::Epoch(0x10003));
    QCOMPARE(epochAfter(2), model::Epoch(3));
}

void StartupTest::whatDoesNotRunWellIsTakenDownAndUp() {
    for (const auto& [state, comesDown] :
         {std::pair(ResourceState::Running, false), std::pair(ResourceState::Stopped, false),
          std::pair(ResourceState::Starting, false), std::pair(ResourceState::Failed, true),
          std::pair(ResourceState::Unknown, true)}) {
        Doorstep at;
        at.erp().resources[0].state = state;
        at.settle();
        QCOMPARE(at.erp().role, Role::Starting);
        QCOMPARE(at.erp().resources[0].mustStop, comesDown);
        QCOMPARE(at.erp().resources[1].mustStop, comesDown); // it stands on the first
        QCOMPARE(at.told(kind::resourceAdopted),
                 std::size_t(state == ResourceState::Running || state == ResourceState::Starting ? 2 : 1));
    }
}

void StartupTest::anArrayThatCannotBeAskedIsWaitedFor() {
    Doorstep at;
    at.erp().luns[0].pathUp = false;
    at.erp().luns[0].lastLook = origin;
    at.now = origin + 25ms - 1ns; // Timeouts::defendInterval
    at.settle();
    QVERIFY(!at.erp().settled && at.actions.empty());
    QVERIFY(at.deadline == origin + 25ms);
    at.now = origin + 25ms;
    at.settle();
    QVERIFY(!at.erp().settled);
    const auto looks = at.wanted<model::ReservationRequest>();
    QVERIFY(looks.size() == 1 && looks[0].command == ReservationCommand::Read && looks[0].lun == model::LunId(0));
    at.settle();
    QVERIFY(!at.erp().settled && at.actions.empty()); // one question at a time
    at.erp().luns[0].pending.reset();
    at.now = origin + term - 1ns;
    at.settle();
    QVERIFY(!at.erp().settled && at.wanted<model::ReservationRequest>().size() == 1);
    at.erp().luns[0].pending.reset();
    at.settle();
    QVERIFY(!at.erp().settled && at.deadline == origin + term);
    at.now = origin + term;
    at.settle();
    QVERIFY(at.erp().settled);
    QCOMPARE(at.erp().role, Role::Lost);
    // Where nothing runs there is nothing to wait for.
    Doorstep idle;
    idle.furnish(ResourceState::Stopped);
    idle.erp().luns[0].pathUp = false;
    idle.settle();
    QVERIFY(idle.erp().settled);
}

QTEST_GUILESS_MAIN(StartupTest)
#include "startup_test.moc"
