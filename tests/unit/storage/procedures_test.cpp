// SPDX-License-Identifier: Apache-2.0
#include <QtTest>

#include "fake_node.h"

using namespace dyad;
using namespace dyad::test;
using model::ClaimFrom;
using model::NodeId;
using model::ReservationCommand;
using model::ReservationOutcome;

class ProceduresTest : public QObject {
    Q_OBJECT

    static bool isGood(const model::ReservationAnswer& answer) {
        if (answer.outcome != ReservationOutcome::Good)
            qWarning("%s: %s: %s", toText(answer.command), toText(answer.outcome), answer.detail.c_str());
        return answer.outcome == ReservationOutcome::Good;
    }
    static void everyArray() {
        QTest::addColumn<bool>("abort");
        QTest::addColumn<bool>("survives");
        QTest::newRow("as tgtd: no PREEMPT AND ABORT, ghosts") << false << false;
        QTest::newRow("PREEMPT AND ABORT, ghosts") << true << false;
        QTest::newRow("as LIO: PREEMPT AND ABORT, registrations survive a login") << true << true;
        QTest::newRow("no PREEMPT AND ABORT, registrations survive a login") << false << true;
    }
    static ArrayManners manners() {
        QFETCH(bool, abort);
        QFETCH(bool, survives);
        ArrayManners how;
        how.preemptAndAbort = abort;
        how.registrationSurvives = survives;
        return how;
    }

private Q_SLOTS:
    void claimsABlankArray_data() { everyArray(); }
    void claimsABlankArray() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First);
        const auto answer = alpha.ask(ReservationCommand::Claim);
        QVERIFY(isGood(answer));
        QVERIFY(answer.snapshot.ownedOnlyBy(alpha.key(1)));
        QCOMPARE(answer.snapshot.registrants.size(), std::size_t{1});
        QVERIFY(alpha.core.gateOpen());
        alpha.write(1);
        alpha.run();
        QVERIFY(array.land());
        QCOMPARE(alpha.results, std::vector<int>{0});
    }

    void takesOverFromAChallenge_data() { everyArray(); }
    void takesOverFromAChallenge() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        const auto challenge = beta.ask(ReservationCommand::Challenge, 2);
        QVERIFY(isGood(challenge));
        QVERIFY(challenge.snapshot.heldBy(alpha.key(1)));
        QVERIFY(!beta.core.gateOpen());
        alpha.write(1); // stays in flight over the takeover
        alpha.run();
        QCOMPARE(array.inFlight(), std::size_t{1});
        const auto claim = beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1));
        QVERIFY(isGood(claim));
        QVERIFY(claim.snapshot.ownedOnlyBy(beta.key(2)));
        QCOMPARE(array.inFlight(), std::size_t{0}); // the barrier
        alpha.write(2);
        alpha.run();
        QCOMPARE(alpha.fenced, 1u);
        QCOMPARE(alpha.results.back(), EIO);
        QVERIFY(!alpha.core.gateOpen());
    }

    void aDefendedChallengeTouchesNothing_data() { everyArray(); }
    void aDefendedChallengeTouchesNothing() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        const auto defend = alpha.ask(ReservationCommand::Defend, 1);
        QVERIFY(isGood(defend));
        QVERIFY(defend.snapshot.ownedOnlyBy(alpha.key(1)));
        const auto seen = array.seen;
        const auto claim = beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1));
        QVERIFY(claim.outcome == ReservationOutcome::Defended);
        QVERIFY(claim.snapshot.ownedOnlyBy(alpha.key(1)));
        QVERIFY(array.seen == seen); // nothing was written to the reservations
        QVERIFY(alpha.core.gateOpen());
    }

    void onlyTheHolderDefends() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        QVERIFY(beta.ask(ReservationCommand::Defend, 2).outcome == ReservationOutcome::Defended);
        QCOMPARE(array.holder()->withLogin(0), alpha.key(1));
    }

    void anotherHolderThanExpectedIsAConflict_data() { everyArray(); }
    void anotherHolderThanExpectedIsAConflict() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 3)));
        for (const auto& expected : {std::optional<model::ReservationKey>(), std::optional(alpha.key(2))}) {
            const auto claim = beta.ask(ReservationCommand::Claim, 4, ClaimFrom::Nothing, expected);
            QVERIFY(claim.outcome == ReservationOutcome::Conflict);
            QVERIFY(claim.snapshot.ownedOnlyBy(alpha.key(3)));
        }
        QCOMPARE(array.keys().size(), std::size_t{1}); // nothing half-done
        QVERIFY(!beta.core.gateOpen());
    }

    void aVanishedHolderIsAConflict() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        const auto claim = beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1));
        QVERIFY(claim.outcome == ReservationOutcome::Conflict);
        QVERIFY(!array.holder());
    }

    void aBarrierThatCannotBeCarriedOutIsNeverGood() {
        ArrayManners how;
        how.lunReset = false;
        FakeArray array(how);
        FakeNode alpha(array, NodeId::First);
        const auto claim = alpha.ask(ReservationCommand::Claim);
        QVERIFY(claim.outcome == ReservationOutcome::Refused);
        QVERIFY(claim.detail.find("barrier") != std::string::npos);
        QVERIFY(!alpha.core.gateOpen());
        QVERIFY(array.keys().empty() && !array.holder());
    }

    void preemptAndAbortIsBarrierEnough() {
        ArrayManners how;
        how.lunReset = false;
        how.preemptAndAbort = true;
        FakeArray array(how);
        FakeNode beta(array, NodeId::Second);
        array.addForeign(9, {0x1234});
        // A holder of another node, made by hand: registered and reserved through nexus 9.
        FakeNexus other(array, 9, 0);
        other.execute(storage::reserveOutCommand(storage::ReserveOut::Reserve, {0x1234}, {0}), {}, [](ScsiReply) {});
        while (other.step()) {
        }
        const auto claim = beta.ask(ReservationCommand::Claim, 1, ClaimFrom::Nothing, model::ReservationKey{0x1234});
        QVERIFY(isGood(claim));
        QVERIFY(array.seen[5] == 1 && array.seen[4] == 0);
    }

    void theOwnerGoesOnAfterANewLogin_data() { everyArray(); }
    void theOwnerGoesOnAfterANewLogin() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.write(1);
        alpha.run(); // in flight
        alpha.loseSession();
        alpha.write(2); // held
        QVERIFY(alpha.results.empty());
        alpha.logIn();
        alpha.run();
        // What the broken session had sent is gone, and both are on their way again over the new one.
        QCOMPARE(array.inFlight(), std::size_t{2});
        while (array.land()) {
        }
        QCOMPARE(alpha.results, (std::vector<int>{0, 0}));
        QCOMPARE(alpha.fenced, 0u);
        QCOMPARE(array.keys().size(), std::size_t{1});
    }

    void theOwnerIsFencedAfterANewLoginWhenAnotherTookOver_data() { everyArray(); }
    void theOwnerIsFencedAfterANewLoginWhenAnotherTookOver() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        alpha.loseSession();
        alpha.write(1);
        QVERIFY(isGood(beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Nothing, alpha.key(1))));
        alpha.logIn();
        alpha.run();
        QCOMPARE(alpha.fenced, 1u);
        QCOMPARE(alpha.results, std::vector<int>{EIO});
        QCOMPARE(array.inFlight(), std::size_t{0});
        QCOMPARE(array.keys().size(), std::size_t{1});
        // For good: a further login changes nothing.
        alpha.loseSession();
        alpha.logIn();
        alpha.run();
        alpha.write(2);
        QCOMPARE(alpha.results.back(), EIO);
    }

    // The array was restarted and has forgotten every key: the owner must not write blindly.
    void aForgetfulArrayFencesTheOwner() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.loseSession();
        array.restart();
        alpha.write(1);
        alpha.logIn();
        alpha.run();
        QCOMPARE(alpha.fenced, 1u);
        QCOMPARE(alpha.results, std::vector<int>{EIO});
        QVERIFY(array.keys().empty());
    }

    // Somebody reset the LUN: the key is still there, so the write goes out again; but not before the keys were read.
    void aResetByAnotherIsLookedIntoAndSurvived() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        array.attention(*alpha.nexus, {6, 0x29, 0});
        alpha.write(1);
        alpha.run();
        QVERIFY(array.land());
        QCOMPARE(alpha.results, std::vector<int>{0});
        QCOMPARE(alpha.fenced, 0u);
    }

    // facts: the owner's new login preempts its own ghost while the challenger preempts the same key.
    void ownGhostAgainstChallenger_data() {
        QTest::addColumn<int>("order");
        for (int order = 0; order < 64; ++order)
            QTest::addRow("order %d", order) << order;
    }
    void ownGhostAgainstChallenger() {
        QFETCH(int, order);
        FakeArray array;
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        alpha.loseSession();
        alpha.write(1);
        alpha.logIn();
        beta.send(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1));
        // Six turns as the bits say, then whoever has something left.
        for (int i = 0; i < 6; ++i)
            (void)((order >> i) & 1 ? alpha : beta).nexus->step();
        while (alpha.nexus->step() || beta.nexus->step()) {
        }
        while (array.land()) {
        }
        QVERIFY(isGood(beta.answers.back()));
        QVERIFY(array.holder()->sameClaim(beta.key(2)));
        QCOMPARE(array.keys().size(), std::size_t{1});
        alpha.write(2);
        while (alpha.nexus->step()) {
        }
        QCOMPARE(alpha.results.back(), EIO);
        QCOMPARE(alpha.fenced, 1u);
    }

    void releaseLeavesNothing_data() { everyArray(); }
    void releaseLeavesNothing() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        const auto release = alpha.ask(ReservationCommand::Release);
        QVERIFY(isGood(release));
        QVERIFY(array.keys().empty() && !array.holder());
        QVERIFY(!alpha.core.gateOpen());
        QCOMPARE(alpha.fenced, 0u); // let go of, not taken
    }

    void releaseReachesWhatAnEarlierLoginLeft_data() { everyArray(); }
    void releaseReachesWhatAnEarlierLoginLeft() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.core.closeGate();
        alpha.loseSession();
        alpha.logIn();
        alpha.run();
        QVERIFY(isGood(alpha.ask(ReservationCommand::Release)));
        QVERIFY(array.keys().empty() && !array.holder());
    }

    void aChallengeOfAnEarlierLoginIsDefendedAndReplaced_data() { everyArray(); }
    void aChallengeOfAnEarlierLoginIsDefendedAndReplaced() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        beta.loseSession();
        beta.logIn();
        QVERIFY(beta.ask(ReservationCommand::Claim, 2, ClaimFrom::Challenge, alpha.key(1)).outcome ==
                ReservationOutcome::Defended);
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        QCOMPARE(array.keys().size(), std::size_t{2}); // no ghost of it
        const auto withdraw = beta.ask(ReservationCommand::Withdraw, 2);
        QVERIFY(isGood(withdraw));
        QVERIFY(withdraw.snapshot.ownedOnlyBy(alpha.key(1)));
    }

    void withdrawReachesWhatAnEarlierLoginLeft_data() { everyArray(); }
    void withdrawReachesWhatAnEarlierLoginLeft() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        beta.loseSession();
        beta.logIn();
        QVERIFY(isGood(beta.ask(ReservationCommand::Withdraw, 2)));
        QCOMPARE(array.keys().size(), std::size_t{1});
    }

    // A session that broke between its REGISTER and its PREEMPT left a key of the owner registered for ever.
    void aLoginThatBrokeHalfwayLeavesNoGhost_data() { everyArray(); }
    void aLoginThatBrokeHalfwayLeavesNoGhost() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        alpha.loseSession();
        alpha.logIn();
        while (array.keys().size() < 2 && alpha.nexus->step()) {
        }
        alpha.loseSession();
        alpha.logIn();
        alpha.run();
        QVERIFY(alpha.core.gateOpen()); // proved again
        QVERIFY(array.holder()->sameClaim(alpha.key(1)));
        QCOMPARE(array.keys().size(), std::size_t{1});
    }

    void ownKeysOfADeadBootAreTakenOver_data() { everyArray(); }
    void ownKeysOfADeadBootAreTakenOver() {
        FakeArray array(manners());
        FakeNode before(array, NodeId::First);
        QVERIFY(isGood(before.ask(ReservationCommand::Claim, 1)));
        before.loseSession();
        // The same host after its reboot: another dyad-lun, the same initiator and ISID.
        FakeNode after(array, NodeId::First);
        after.loseSession();
        after.logIn();
        const auto claim = after.ask(ReservationCommand::Claim, 2, ClaimFrom::Nothing, before.key(1));
        QVERIFY(isGood(claim));
        QVERIFY(claim.snapshot.ownedOnlyBy(after.key(2)));
        QCOMPARE(array.keys().size(), std::size_t{1});
    }

    void manyForeignKeysAreReadAndRemoved() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        for (int i = 0; i < 63; ++i)
            array.addForeign(100 + i, {0xbeef0000u + static_cast<unsigned>(i)});
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        QCOMPARE(array.keys().size(), std::size_t{1});
    }
    void moreKeysThanTheFirstBufferHolds() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        for (int i = 0; i < 500; ++i)
            array.addForeign(100 + i, {0xbeef0000u + static_cast<unsigned>(i)});
        const auto read = alpha.ask(ReservationCommand::Read);
        QVERIFY(isGood(read));
        QCOMPARE(read.snapshot.registrants.size(), std::size_t{500});
        for (int i = 500; i < 8200; ++i)
            array.addForeign(100 + i, {0xbeef0000u + static_cast<unsigned>(i)});
        QVERIFY(alpha.ask(ReservationCommand::Read).outcome == ReservationOutcome::Refused);
    }

    void theAnswersOfTheArrayAreToldInWords() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        ScsiReply reply;
        reply.delivery = ScsiReply::Delivery::Answered;
        reply.status = ScsiStatus::CheckCondition;
        reply.sense = {5, 0x24, 0};
        alpha.run(); // what it asks after the login
        array.answerNext = reply;
        const auto answer = alpha.ask(ReservationCommand::Read);
        QVERIFY(answer.outcome == ReservationOutcome::Refused);
        QVERIFY(answer.detail.find("invalid field in CDB (5/24/00)") != std::string::npos);
    }

    void theArrayIsAskedOnceAfterEachLogin() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        QVERIFY(isGood(alpha.ask(ReservationCommand::Read)));
        QCOMPARE(array.capabilitiesAsked, 1u);
        alpha.loseSession();
        alpha.logIn();
        alpha.run();
        alpha.core.tick(array.clock);
        alpha.run();
        QCOMPARE(array.capabilitiesAsked, 2u);
        QVERIFY(alpha.core.gateOpen()); // proved again
    }

    void anArrayWithoutTheTypeIsRefused_data() {
        QTest::addColumn<int>("told");
        QTest::addColumn<bool>("refused");
        using Kind = ArrayManners::Capabilities;
        QTest::newRow("says that it has it") << static_cast<int>(Kind::WriteExclusive) << false;
        QTest::newRow("says that it hasn't") << static_cast<int>(Kind::OtherTypes) << true;
        QTest::newRow("says nothing of types") << static_cast<int>(Kind::NoTypeMask) << false;
        QTest::newRow("doesn't know the question") << static_cast<int>(Kind::NotReported) << false;
    }
    void anArrayWithoutTheTypeIsRefused() {
        QFETCH(int, told);
        QFETCH(bool, refused);
        FakeArray array;
        array.manners.capabilities = static_cast<ArrayManners::Capabilities>(told);
        FakeNode alpha(array, NodeId::First);
        for (const auto command : {ReservationCommand::Challenge, ReservationCommand::Claim}) {
            const auto answer = alpha.ask(command);
            QCOMPARE(answer.outcome == ReservationOutcome::Refused, refused);
            if (!refused)
                QVERIFY(isGood(answer));
            else
                QVERIFY2(answer.detail.find("does not offer Write Exclusive") != std::string::npos,
                         answer.detail.c_str());
        }
        QCOMPARE(array.keys().empty(), refused); // nothing was tried
        QCOMPARE(alpha.core.gateOpen(), !refused);
    }

    void anArrayWithoutReservationsIsRefused() {
        FakeArray array;
        array.manners.reservations = false;
        FakeNode alpha(array, NodeId::First);
        for (const auto command : {ReservationCommand::Challenge, ReservationCommand::Claim}) {
            const auto answer = alpha.ask(command);
            QVERIFY(answer.outcome == ReservationOutcome::Refused);
            QVERIFY2(answer.detail.find("no persistent reservations") != std::string::npos, answer.detail.c_str());
        }
        QVERIFY(!alpha.core.gateOpen());
    }

    void withoutASessionEveryRequestIsAnswered() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        alpha.loseSession();
        QVERIFY(alpha.ask(ReservationCommand::Claim).outcome == ReservationOutcome::NoPath);
        alpha.logIn();
        alpha.send(ReservationCommand::Claim);
        alpha.send(ReservationCommand::Read);
        alpha.nexus->step();
        alpha.loseSession();
        QCOMPARE(alpha.answers.size(), std::size_t{3});
        QVERIFY(alpha.answers[1].outcome == ReservationOutcome::NoPath &&
                alpha.answers[2].outcome == ReservationOutcome::NoPath);
    }

    void aShutGateStaysShutForAClaimThatWasUnderWay() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        alpha.run(); // what it asks after the login
        alpha.send(ReservationCommand::Claim);
        for (int i = 0; i < 3; ++i)
            alpha.nexus->step();
        alpha.core.closeGate();
        alpha.run();
        QVERIFY(alpha.answers.back().outcome != ReservationOutcome::Good);
        QVERIFY(!alpha.core.gateOpen());
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        QVERIFY(alpha.core.gateOpen());
    }

    void whatIsHeldFailsAtItsDeadline() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First, 5s);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.loseSession();
        alpha.write(1);
        QVERIFY(alpha.core.nextDeadline() == array.clock + 5s);
        alpha.core.tick(array.clock + 4s);
        QVERIFY(alpha.results.empty());
        alpha.core.tick(array.clock + 5s);
        QCOMPARE(alpha.results, std::vector<int>{EIO});
        QVERIFY(alpha.core.gateOpen()); // late, not fenced
    }

    void theOwnersSecondClaimAbortsNoWriteOfItsOwn() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.write(1);
        alpha.run();
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1, ClaimFrom::Nothing, alpha.key(1))));
        QVERIFY(array.land());
        QCOMPARE(alpha.results, std::vector<int>{0});
    }

    // A write that was given up must not land after the same node has claimed anew and written the block again.
    void claimingAnewLeavesNoOlderWriteOfOnesOwnInFlight_data() { everyArray(); }
    void claimingAnewLeavesNoOlderWriteOfOnesOwnInFlight() {
        FakeArray array(manners());
        FakeNode alpha(array, NodeId::First), beta(array, NodeId::Second);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim, 1)));
        alpha.write(1);
        alpha.nexus->step(); // it has reached the array
        QCOMPARE(array.inFlight(), std::size_t{1});
        alpha.core.closeGate();
        QCOMPARE(alpha.results, std::vector<int>{EIO});
        alpha.run(); // the session that had a write on its way is given up
        QVERIFY(isGood(beta.ask(ReservationCommand::Challenge, 2)));
        QCOMPARE(array.inFlight(), std::size_t{1});
        const auto again = alpha.ask(ReservationCommand::Claim, 3, ClaimFrom::Nothing, array.holder());
        QVERIFY(isGood(again));
        QCOMPARE(array.inFlight(), std::size_t{0});
    }

    // What was on its way when the gate was latched never reaches the array, not even when nobody holds it any more.
    void aLatchedGateCallsBackWhatIsOnItsWay() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.write(1);
        QVERIFY(alpha.nexus->waiting() == 1 && !alpha.nexus->givenUp());
        alpha.core.closeGate();
        QVERIFY(alpha.nexus->givenUp());
        alpha.run();
        QCOMPARE(array.inFlight(), std::size_t{0});
        QCOMPARE(alpha.results, std::vector<int>{EIO});
        QVERIFY(isGood(alpha.ask(ReservationCommand::Release)));
        QVERIFY(array.keys().empty());
    }

    void aGateThatIsShutInPeaceKeepsItsSession() {
        FakeArray array;
        FakeNode alpha(array, NodeId::First);
        QVERIFY(isGood(alpha.ask(ReservationCommand::Claim)));
        alpha.core.closeGate();
        QVERIFY(!alpha.nexus->givenUp());
    }
};

QTEST_GUILESS_MAIN(ProceduresTest)
#include "procedures_test.moc"
