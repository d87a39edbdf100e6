// SPDX-License-Identifier: Apache-2.0
// Two nodes that claim, challenge, defend, release, lose sessions and write in every order that a seed gives, on arrays
// of every manner, with orders that no sane engine would give. What must hold whatever they do: after one node's Claim
// was answered Good, nothing that another node wrote reaches the medium until that node's own Claim is Good; and Good
// is only said of a picture in which the claimant is alone.
#include <QtTest>

#include <random>

#include "fake_node.h"

using namespace dyad;
using namespace dyad::test;
using model::ClaimFrom;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationOutcome;

namespace {

constexpr int seeds = 4000;
constexpr int stepsPerSeed = 250;

class World {
public:
    World(unsigned seed, ArrayManners how)
        : m_random(seed), array(how), nodes{{array, NodeId::First}, {array, NodeId::Second}} {
        array.onLanded = [this](int node, std::uint8_t) {
            ++landed;
            if (!m_owner || node != static_cast<int>(*m_owner))
                violation = "a write of a node that does not own reached the medium";
        };
        for (FakeNode& each : nodes)
            each.onAnswer = [this, &each](const model::ReservationAnswer& answer) { answered(each, answer); };
    }

    void step() {
        FakeNode& node = nodes[pick(2)];
        switch (pick(24)) {
        case 0: node.send(ReservationCommand::Claim, epochOf(node), ClaimFrom::Nothing, lastHolder(node)); break;
        case 1: node.send(ReservationCommand::Claim, epochOf(node), ClaimFrom::Challenge, lastHolder(node)); break;
        case 2: node.send(ReservationCommand::Challenge, epochOf(node)); break;
        case 3: node.send(ReservationCommand::Defend, epochOf(node)); break;
        case 4:
            if (pick(4) == 0)
                node.send(ReservationCommand::Release, epochOf(node));
            else
                node.send(ReservationCommand::Read);
            break;
        case 5: node.send(ReservationCommand::Withdraw, epochOf(node)); break;
        case 6:
            if (pick(3) == 0) node.loseSession(pick(4));
            break;
        case 7:
        case 8: node.logIn(); break;
        case 9:
            if (pick(8) == 0) node.core.closeGate();
            break;
        case 10:
            if (pick(40) == 0) restartArray();
            break;
        case 11:
            if (pick(4) == 0) ++m_epochs[model::indexOf(node.node)];
            break;
        case 12:
        case 13: node.write(static_cast<std::uint8_t>(pick(256))); break;
        case 14: array.land(pick(4)); break;
        case 15: node.core.tick(array.clock); break;
        default:
            if (node.nexus) node.nexus->step();
            break;
        }
        for (FakeNode& each : nodes) {
            if (pick(4) == 0) each.endIfGivenUp();
            each.core.collect();
        }
    }

    FakeArray& theArray() { return array; }
    std::string violation;
    unsigned landed = 0;
    unsigned claims = 0;

private:
    std::mt19937 m_random;
    FakeArray array;
    std::optional<NodeId> m_owner;
    unsigned m_epochs[2] = {1, 2};

public:
    FakeNode nodes[2];

private:
    unsigned pick(unsigned below) { return std::uniform_int_distribution<unsigned>(0, below - 1)(m_random); }
    unsigned epochOf(const FakeNode& node) const { return m_epochs[model::indexOf(node.node)]; }
    static std::optional<model::ReservationKey> lastHolder(const FakeNode& node) {
        return node.answers.empty() ? std::nullopt : node.answers.back().snapshot.holder;
    }
    void restartArray() {
        for (FakeNode& each : nodes)
            each.loseSession();
        array.restart();
    }
    void answered(const FakeNode& node, const model::ReservationAnswer& answer) {
        if (answer.command != ReservationCommand::Claim || answer.outcome != ReservationOutcome::Good) return;
        ++claims;
        m_owner = node.node;
        const bool alone = answer.snapshot.registrants.size() == 1 && answer.snapshot.holder &&
                           answer.snapshot.holder->nodeNumber() == static_cast<unsigned>(node.node) &&
                           array.keys() == answer.snapshot.registrants && array.holder() == answer.snapshot.holder;
        if (!alone) violation = "Good was said of: " + toText(answer.snapshot);
    }
};

} // namespace

class RandomClaimsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void atMostOneNodeWrites_data() {
        QTest::addColumn<int>("manner");
        for (int manner = 0; manner < 16; ++manner)
            QTest::addRow("manner %d", manner) << manner;
    }
    void atMostOneNodeWrites() {
        QFETCH(int, manner);
        ArrayManners how;
        how.preemptAndAbort = (manner & 1) != 0;
        how.registrationSurvives = (manner & 2) != 0;
        how.resetLandsWrites = (manner & 4) != 0;
        how.lunReset = (manner & 8) == 0;
        unsigned landed = 0;
        unsigned claims = 0;
        for (int seed = 0; seed < seeds / 16; ++seed) {
            World world(static_cast<unsigned>(seed * 16 + manner), how);
            for (int step = 0; step < stepsPerSeed && world.violation.empty(); ++step)
                world.step();
            QVERIFY2(world.violation.empty(),
                     qPrintable(QString("seed %1: %2").arg(seed).arg(world.violation.c_str())));
            landed += world.landed;
            claims += world.claims;
        }
        // The world is worth its name: it writes and it claims.
        if (how.lunReset)
            QVERIFY2(landed > 100 && claims > 100, qPrintable(QString("%1 writes, %2 claims").arg(landed).arg(claims)));
    }
};

QTEST_GUILESS_MAIN(RandomClaimsTest)
#include "random_claims_test.moc"
