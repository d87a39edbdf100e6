// SPDX-License-Identifier: Apache-2.0
// A checker that can't fail checks nothing: each is shown what it must not let pass, and what it must.
#include "checkers/all.h"
#include "world/configuration.h"

#include <QTest>

using namespace dyad;
using namespace dyad::simulator;

namespace {

constexpr std::uint8_t alpha = 0;
constexpr std::uint8_t beta = 1;

// A well pair: one group on one LUN, active on alpha.
class Pair {
public:
    Pair() : timeouts(engine::timeoutsOf(model::Profile::Fast)) {
        truth.timeouts = &timeouts;
        truth.luns = 1;
        truth.links = 2;
        GroupTruth group;
        group.luns = {0};
        group.resources = 3;
        truth.groups = {group};
        for (std::uint8_t node = 0; node < 2; ++node) {
            NodeTruth& of = truth.nodes[node];
            of.powered = of.heart = of.service = true;
            of.boot = of.serviceLife = 1;
            of.path.fill(true);
            of.role[0] = node == alpha ? model::Role::Active : model::Role::Standby;
            of.resources[0][0].type = ResourceType::Filesystem;
            of.resources[0][2].type = ResourceType::Address;
            truth.linkWorks[node].fill(true);
        }
        run(alpha, true);
        hold(alpha);
    }
    void run(std::uint8_t node, bool there) {
        for (std::size_t r = 0; r < 3; ++r)
            truth.nodes[node].resources[0][r].there = there;
    }
    void hold(std::uint8_t node) {
        truth.units[0].holder = node;
        truth.units[0].heldByPresentBoot = true;
    }
    // Time passes; whoever wants to look at a certain time does.
    void wait(Checker& checker, Duration how) {
        const Duration end = truth.now + how;
        while (checker.broken.empty() && checker.lookAgain && *checker.lookAgain <= end) {
            truth.now = *checker.lookAgain;
            checker.lookAgain.reset();
            checker.see({.kind = SightKind::Look}, truth);
        }
        truth.now = end;
    }

    engine::Timeouts timeouts;
    Truth truth;
};

} // namespace

class CheckersTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aWriteOfAnOldOwnerLandsAfterTheClaim() {
        Pair pair;
        const auto checker = makeTwoWriters();
        checker->see({.kind = SightKind::GateOpened, .node = alpha, .boot = 1}, pair.truth);
        checker->see({.kind = SightKind::Landed, .node = alpha, .boot = 1}, pair.truth);
        QVERIFY(checker->broken.empty());
        pair.hold(beta);
        checker->see({.kind = SightKind::GateOpened, .node = beta, .boot = 1}, pair.truth);
        checker->see({.kind = SightKind::Landed, .node = alpha, .boot = 1}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aWriteOfADeadBootLands() {
        Pair pair;
        const auto checker = makeTwoWriters();
        checker->see({.kind = SightKind::GateOpened, .node = alpha, .boot = 2}, pair.truth);
        checker->see({.kind = SightKind::Landed, .node = alpha, .boot = 1}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void anAcknowledgedRecordIsWrittenOver() {
        Pair pair;
        const auto checker = makeRecords();
        checker->see({.kind = SightKind::Landed, .slot = 3, .token = 7}, pair.truth);
        checker->see({.kind = SightKind::Acknowledged, .slot = 3, .token = 7}, pair.truth);
        QVERIFY(checker->broken.empty());
        checker->see({.kind = SightKind::Landed, .slot = 3, .token = 8}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aRecordIsAcknowledgedThatNeverLanded() {
        Pair pair;
        const auto checker = makeRecords();
        checker->see({.kind = SightKind::Acknowledged, .slot = 3, .token = 7}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aRecordIsAcknowledgedTwice() {
        Pair pair;
        const auto checker = makeRecords();
        checker->see({.kind = SightKind::Landed, .slot = 3, .token = 7}, pair.truth);
        checker->see({.kind = SightKind::Acknowledged, .slot = 3, .token = 7}, pair.truth);
        checker->see({.kind = SightKind::Acknowledged, .slot = 3, .token = 7}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aStartWithoutTheLease() {
        Pair pair;
        const auto checker = makeStartWithoutLease();
        checker->see({.kind = SightKind::StartAsked, .node = alpha}, pair.truth);
        QVERIFY(checker->broken.empty());
        checker->see({.kind = SightKind::StartAsked, .node = beta}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aStartOnALeaseThatIsLongOver() {
        Pair pair;
        const auto checker = makeStartWithoutLease();
        checker->see({.kind = SightKind::KeysChanged}, pair.truth);
        pair.hold(beta);
        checker->see({.kind = SightKind::KeysChanged}, pair.truth);
        pair.truth.now += pair.timeouts.leaseTerm();
        checker->see({.kind = SightKind::StartAsked, .node = alpha}, pair.truth);
        QVERIFY(checker->broken.empty()); // as old as a proof may be
        pair.truth.now += Duration(1);
        checker->see({.kind = SightKind::StartAsked, .node = alpha}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aKeyStaysBesideTheOwners() {
        Pair pair;
        const auto checker = makeOnlyOwnerRegistered();
        pair.truth.units[0].beside[beta] = true;
        pair.truth.nodes[beta].role[0] = model::Role::Claiming;
        checker->see({.kind = SightKind::KeysChanged}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(checker->broken.empty()); // a challenge
        pair.truth.nodes[beta].role[0] = model::Role::Standby;
        checker->see({.kind = SightKind::RoleChanged, .node = beta}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void somethingRunsOnWithoutItsLease() {
        Pair pair;
        const auto checker = makeSilence();
        checker->see({.kind = SightKind::KeysChanged}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(checker->broken.empty());
        pair.hold(beta);
        checker->see({.kind = SightKind::KeysChanged}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void somethingRunsOnThatCantVerifyItsLease() {
        Pair pair;
        const auto checker = makeSilence();
        checker->see({.kind = SightKind::KeysChanged}, pair.truth);
        pair.truth.nodes[alpha].path[0] = false;
        checker->see({.kind = SightKind::HostChanged, .node = alpha}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void theAddressStaysOnBothNodes() {
        Pair pair;
        const auto checker = makeOneAddress();
        checker->see({.kind = SightKind::ResourceChanged}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(checker->broken.empty());
        pair.truth.nodes[beta].resources[0][2].there = true;
        checker->see({.kind = SightKind::ResourceChanged, .node = beta, .resource = 2}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void aFrozenLoserCantDropItsAddress() {
        Pair pair;
        const auto checker = makeOneAddress();
        pair.truth.nodes[beta].resources[0][2].there = true;
        pair.truth.nodes[beta].still = true;
        checker->see({.kind = SightKind::ResourceChanged, .node = beta, .resource = 2}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(checker->broken.empty());
    }
    void anOrderIsNotAnswered() {
        Pair pair;
        const auto checker = makeOrders();
        checker->see({.kind = SightKind::OrderGiven, .node = alpha, .number = 1}, pair.truth);
        checker->see({.kind = SightKind::OrderAnswered, .node = alpha, .number = 1}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(checker->broken.empty());
        checker->see({.kind = SightKind::OrderGiven, .node = alpha, .number = 2}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void anOrderIsAnsweredTwice() {
        Pair pair;
        const auto checker = makeOrders();
        checker->see({.kind = SightKind::OrderGiven, .node = alpha, .number = 1}, pair.truth);
        checker->see({.kind = SightKind::OrderAnswered, .node = alpha, .number = 1}, pair.truth);
        checker->see({.kind = SightKind::OrderAnswered, .node = alpha, .number = 1}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aGroupMovesInAPartition() {
        Pair pair;
        const auto checker = makePartition();
        checker->see({.kind = SightKind::RoleChanged, .node = alpha}, pair.truth);
        pair.truth.now = 60s;
        pair.truth.nodes[alpha].role[0] = model::Role::Lost;
        checker->see({.kind = SightKind::RoleChanged, .node = alpha}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aGroupMovesForAnotherReason() {
        Pair pair;
        const auto checker = makePartition();
        checker->see({.kind = SightKind::RoleChanged, .node = alpha}, pair.truth);
        pair.truth.now = 60s;
        pair.truth.lastOtherTrouble = 59s;
        pair.truth.nodes[alpha].role[0] = model::Role::Lost;
        checker->see({.kind = SightKind::RoleChanged, .node = alpha}, pair.truth);
        QVERIFY(checker->broken.empty());
    }
    void anAlarmIsMissing() {
        Pair pair;
        const auto checker = makeAlarms(configurationOf(Options()));
        checker->see({.kind = SightKind::HostChanged, .node = alpha}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(checker->broken.empty());
        pair.truth.nodes[beta].powered = false;
        checker->see({.kind = SightKind::HostChanged, .node = beta}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void anAlarmStaysThoughAllIsWell() {
        Pair pair;
        const auto checker = makeAlarms(configurationOf(Options()));
        checker->see({.kind = SightKind::HostChanged, .node = alpha}, pair.truth);
        const std::string alarm = "peer.lost";
        checker->see({.kind = SightKind::AlarmChanged, .node = alpha, .alarm = &alarm, .raised = true}, pair.truth);
        pair.wait(*checker, 60s);
        QVERIFY(!checker->broken.empty());
    }
    void theArrayIsFlooded() {
        Pair pair;
        const auto checker = makeFlood();
        for (int i = 0; i < 100; ++i) {
            pair.truth.now += 20ms;
            checker->see({.kind = SightKind::ArrayAsked, .node = alpha}, pair.truth);
        }
        QVERIFY(checker->broken.empty());
        for (int i = 0; i < 1000; ++i)
            checker->see({.kind = SightKind::ArrayAsked, .node = alpha}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void anEngineSpins() {
        Pair pair;
        const auto checker = makeFlood();
        for (int i = 0; i < 10'000; ++i)
            checker->see({.kind = SightKind::Stepped, .node = alpha}, pair.truth);
        QVERIFY(!checker->broken.empty());
    }
    void aGroupDoesNotComeBack() {
        Pair pair;
        const auto checker = makeLiveness();
        pair.truth.healed = true;
        checker->see({.kind = SightKind::Healed}, pair.truth);
        pair.wait(*checker, 1000s);
        QVERIFY(checker->broken.empty());
        QVERIFY(!checker->lookAgain); // satisfied
        pair.run(alpha, false);
        checker->see({.kind = SightKind::ResourceChanged, .node = alpha}, pair.truth);
        pair.wait(*checker, 1000s);
        QVERIFY(!checker->broken.empty());
    }
    void aGroupRunsOnBothNodes() {
        Pair pair;
        const auto checker = makeLiveness();
        pair.run(beta, true);
        pair.truth.nodes[beta].role[0] = model::Role::Active;
        pair.truth.healed = true;
        checker->see({.kind = SightKind::Healed}, pair.truth);
        pair.wait(*checker, 1000s);
        QVERIFY(!checker->broken.empty());
    }
    void aGroupGoesToAndFro() {
        Pair pair;
        const auto checker = makeLiveness();
        pair.truth.healed = true;
        checker->see({.kind = SightKind::Healed}, pair.truth);
        for (int i = 0; i < 10; ++i) {
            const std::uint8_t to = i % 2 == 0 ? beta : alpha;
            const auto from = static_cast<std::uint8_t>(1 - to);
            pair.run(from, false);
            pair.run(to, true);
            pair.truth.nodes[from].role[0] = model::Role::Standby;
            pair.truth.nodes[to].role[0] = model::Role::Active;
            checker->see({.kind = SightKind::RoleChanged, .node = to}, pair.truth);
        }
        QVERIFY(!checker->broken.empty());
    }
};

QTEST_APPLESS_MAIN(CheckersTest)
#include "checkers_test.moc"
