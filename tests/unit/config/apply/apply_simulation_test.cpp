// SPDX-License-Identifier: Apache-2.0
// `config apply` under every crash and loss: in the end both nodes have one revision, or both say that they differ and
// nobody may choose for the administrator.
#include "apply_world.h"

#include <QTest>

#include <algorithm>

using namespace dyad::config;

namespace {

QByteArray tell(ApplyWorld& world, const std::string& life) {
    std::string text = life;
    for (int i = 0; i < 2; ++i) {
        const ApplyWorld::Node& node = world.node(i);
        text += "; " + node.name + ":";
        for (const auto& record : node.state.history)
            text += " " + std::to_string(record.revision.number) + "/" + std::to_string(record.revision.digest) +
                    (record.byHand ? "h" : "");
        if (node.state.staged) text += " staged " + std::to_string(node.state.staged->record.revision.digest);
        text += " file " + std::to_string(node.file);
        if (node.core && !node.core->drift().empty()) text += " drift: " + node.core->drift();
    }
    return QByteArray::fromStdString(text);
}

bool isCurrent(ApplyWorld& world, std::uint64_t digest) {
    return world.node(0).state.current().revision.digest == digest ||
           world.node(1).state.current().revision.digest == digest;
}

// What must hold when everything has healed.
void judge(ApplyWorld& world, bool mayDiffer, const std::string& life) {
    const auto why = tell(world, life);
    for (int i = 0; i < 2; ++i) {
        ApplyWorld::Node& node = world.node(i);
        QVERIFY2(!node.state.staged, why.constData());
        QVERIFY2(node.file == node.state.current().revision.digest, why.constData());
        QVERIFY2(node.state.history.size() <= dyad::model::maxRevisionsKept, why.constData());
    }
    const auto& first = world.node(0);
    const auto& second = world.node(1);
    if (first.state.current().revision == second.state.current().revision) {
        QVERIFY2(first.core->drift().empty() && second.core->drift().empty(), why.constData());
    } else {
        QVERIFY2(mayDiffer, why.constData());
        QVERIFY2(!first.core->drift().empty() && !second.core->drift().empty(), why.constData());
    }
    for (const std::uint64_t digest : world.refused())
        QVERIFY2(!isCurrent(world, digest), why.constData());
}

struct Swarm { // how often what happens in one life; drawn per seed
    unsigned crash, loss, order, alone, hand;
};

} // namespace

class ApplySimulationTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anUndisturbedApplyIsTakenByBoth() {
        ApplyWorld world(1);
        world.heal();
        const std::uint64_t digest = world.order(0, false, true);
        world.heal();
        judge(world, false, "undisturbed");
        QVERIFY(world.accepted().contains(digest));
        QCOMPARE(world.node(1).state.current().revision.digest, digest);
        QCOMPARE(world.node(1).state.current().revision.number, std::uint64_t(2));
    }

    // One apply; each of both nodes dies after each count of steps; each one message is lost.
    void aCrashAtAnyPointLeavesOneRevision() {
        int oldText = 0;
        int newText = 0;
        for (int victim = 0; victim < 2; ++victim) {
            for (int other = 0; other < 2; ++other) { // whether the other one dies, too
                for (unsigned dieAfter = 0; dieAfter < 24; ++dieAfter) {
                    for (unsigned lost = 0; lost < 8; ++lost) {
                        for (std::uint64_t shuffle = 0; shuffle < 6; ++shuffle) {
                            ApplyWorld world(shuffle);
                            world.heal();
                            const std::uint64_t digest = world.order(0, false, true);
                            unsigned arrived = 0;
                            for (unsigned step = 0; step < 40; ++step) {
                                if (step == dieAfter) {
                                    world.crash(victim);
                                    if (other) world.crash(1 - victim);
                                }
                                if (step % 3 == 2)
                                    world.arrive(++arrived == lost);
                                else
                                    world.act(static_cast<int>(step % 3));
                            }
                            world.heal();
                            judge(world, false,
                                  "victim " + std::to_string(victim) + ", both " + std::to_string(other) +
                                      ", dies after " + std::to_string(dieAfter) + ", lost " + std::to_string(lost) +
                                      ", shuffle " + std::to_string(shuffle));
                            if (QTest::currentTestFailed()) return;
                            ++(world.node(0).state.current().revision.digest == digest ? newText : oldText);
                            if (world.accepted().contains(digest))
                                QCOMPARE(world.node(0).state.current().revision.digest, digest);
                        }
                    }
                }
            }
        }
        // Both ends are met, else the test looks at nothing.
        QVERIFY(oldText > 100);
        QVERIFY(newText > 100);
    }

    void lives_data() {
        QTest::addColumn<int>("kind");
        QTest::newRow("orders on both nodes, crashes, losses") << 0;
        QTest::newRow("one node goes alone when it likes") << 1;
        QTest::newRow("both go alone, and files are changed by hand") << 2;
    }
    void lives() {
        QFETCH(int, kind);
        int taken = 0;
        int drifted = 0;
        for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
            ApplyWorld world(seed);
            const Swarm swarm{static_cast<unsigned>(world.draw(12)), static_cast<unsigned>(world.draw(50)),
                              static_cast<unsigned>(1 + world.draw(10)), kind > 0 ? 30u : 0u, kind == 2 ? 40u : 0u};
            for (unsigned step = 0; step < 150; ++step) {
                const int i = static_cast<int>(world.draw(2));
                const auto chance = [&](unsigned percent) { return world.draw(100) < percent; };
                if (chance(swarm.crash)) world.crash(i);
                if (chance(15)) {
                    if (chance(swarm.hand)) world.editByHand(i);
                    world.start(i);
                }
                if (chance(swarm.order)) {
                    const bool alone = (kind == 2 || i == 0) && chance(swarm.alone);
                    const bool peerReachable = chance(80);
                    (void)world.order(i, alone, peerReachable);
                }
                if (chance(5)) world.lookAgain(i);
                if (chance(3)) world.losePatience(i);
                world.act(i);
                if (chance(60)) world.arrive(chance(swarm.loss));
            }
            world.heal();
            judge(world, kind == 2, "seed " + std::to_string(seed));
            if (QTest::currentTestFailed()) return;
            if (!world.accepted().empty()) ++taken;
            if (!world.node(0).core->drift().empty()) ++drifted;
        }
        QVERIFY(taken > 1000);
        QCOMPARE(drifted > 100, kind == 2);
    }

    // A drift ends by an order, on whichever node.
    void anOrderEndsADrift() {
        ApplyWorld world(7);
        world.heal();
        world.crash(0);
        world.editByHand(0);
        world.heal();
        QVERIFY(!world.node(0).core->drift().empty());
        QVERIFY(!world.node(1).core->drift().empty());
        world.order(1, false, true);
        world.heal();
        judge(world, false, "after the order");
        QVERIFY(world.node(0).core->drift().empty());
    }

    // The same edit by hand on both nodes is agreed on, and a later apply alone reaches the peer.
    void theSameEditByHandOnBothIsNoDrift() {
        ApplyWorld world(8);
        world.heal();
        for (int i = 0; i < 2; ++i) {
            world.crash(i);
            world.node(i).file = 77;
        }
        world.heal();
        judge(world, false, "both edited");
        world.crash(1);
        const std::uint64_t digest = world.order(0, true, false);
        world.heal();
        judge(world, false, "alone afterwards");
        QCOMPARE(world.node(1).state.current().revision.digest, digest);
    }

    void withoutThePeerItIsRefused() {
        ApplyWorld world(9);
        world.heal();
        world.crash(1);
        const std::uint64_t digest = world.order(0, false, true);
        world.heal();
        QVERIFY(world.refused().contains(digest));
        judge(world, false, "refused");
    }

    // The participant had prepared when its coordinator went away for good; it goes on alone, whatever was decided.
    void aloneAfterThePeerDiedInTheMiddle() {
        for (const bool committed : {false, true}) {
            ApplyWorld world(10);
            world.heal();
            const std::uint64_t first = world.order(0, false, true);
            for (int guard = 0; !world.node(1).state.staged && guard < 200; ++guard) {
                world.act(0);
                world.arrive(false);
            }
            QVERIFY(world.node(1).state.staged.has_value());
            if (committed) {
                for (int guard = 0; !world.accepted().contains(first) && guard < 200; ++guard) {
                    world.act(0);
                    if (world.node(0).actions.empty()) world.act(1);
                    if (world.node(0).state.current().revision.digest == first) break;
                    world.arrive(false);
                }
            }
            world.crash(0);
            const std::uint64_t second = world.order(1, true, false);
            world.heal();
            judge(world, false, committed ? "committed" : "given up");
            QCOMPARE(world.node(0).state.current().revision.digest, second);
        }
    }
};

QTEST_GUILESS_MAIN(ApplySimulationTest)
#include "apply_simulation_test.moc"
