// SPDX-License-Identifier: Apache-2.0
// Every value of every enumeration has a word of its own: they are what logs, the command line and programs see.
#include "model/messages.h"
#include "model/names.h"
#include "model/reservation.h"
#include "model/view.h"

#include <QtTest>
#include <set>
#include <vector>

using namespace dyad;
using namespace dyad::model;

namespace {
template <typename Words>
std::vector<std::string> wordsOf(const Words& values) {
    std::vector<std::string> words;
    for (const auto value : values)
        words.emplace_back(toText(value));
    return words;
}
template <typename Word>
std::vector<std::string> wordsOf(std::initializer_list<Word> values) {
    return wordsOf(std::vector<Word>(values));
}

bool allDiffer(const std::vector<std::string>& words) {
    return std::set<std::string>(words.begin(), words.end()).size() == words.size() &&
           std::count(words.begin(), words.end(), "?") == 0 && std::count(words.begin(), words.end(), "") == 0;
}
} // namespace

class WordsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void roles();
    void everyOtherWord();
    void nodes();
    void nodeStatus();
};

void WordsTest::roles() {
    const auto words = wordsOf({Role::Standby, Role::Claiming, Role::Starting, Role::Active, Role::Stopping, Role::Lost,
                                Role::Failed, Role::Maintenance});
    QCOMPARE(words, (std::vector<std::string>{"standby", "claiming", "starting", "active", "stopping", "lost", "failed",
                                              "maintenance"}));
}

void WordsTest::everyOtherWord() {
    QVERIFY(allDiffer(wordsOf({Liveness::Unknown, Liveness::Alive, Liveness::Suspect, Liveness::Lost})));
    QVERIFY(allDiffer(wordsOf({ResourceState::Unknown, ResourceState::Stopped, ResourceState::Starting,
                               ResourceState::Running, ResourceState::Stopping, ResourceState::Failed})));
    QVERIFY(allDiffer(wordsOf({Severity::Information, Severity::Warning, Severity::Critical})));
    QVERIFY(allDiffer(wordsOf({ResourceVerb::Start, ResourceVerb::Stop, ResourceVerb::Kill, ResourceVerb::Probe})));
    QVERIFY(allDiffer(wordsOf(
        {ResourceOutcome::Running, ResourceOutcome::Stopped, ResourceOutcome::Failed, ResourceOutcome::CouldNotRun})));
    QVERIFY(allDiffer(wordsOf({ReservationCommand::Read, ReservationCommand::Challenge, ReservationCommand::Withdraw,
                               ReservationCommand::Defend, ReservationCommand::Claim, ReservationCommand::Release})));
    QVERIFY(allDiffer(wordsOf({ReservationOutcome::Good, ReservationOutcome::Defended, ReservationOutcome::Conflict,
                               ReservationOutcome::NoPath, ReservationOutcome::Late, ReservationOutcome::Refused})));
    QVERIFY(allDiffer(wordsOf(orderKinds)));
}

void WordsTest::nodes() {
    QVERIFY(otherNode(NodeId::First) == NodeId::Second);
    QVERIFY(otherNode(NodeId::Second) == NodeId::First);
    QCOMPARE(indexOf(bothNodes[0]), std::size_t(0));
    QCOMPARE(indexOf(bothNodes[1]), std::size_t(1));
}

void WordsTest::nodeStatus() {
    NodeStatus status;
    QCOMPARE(toText(status), std::string("service dead"));
    status.serviceAlive = status.leaving = true;
    status.groups = {{.role = Role::Active, .epoch = Epoch(4), .useless = true}, {.released = true, .unfit = true}};
    QCOMPARE(
        toText(status),
        std::string("service alive, leaving; group 0 active epoch 4 useless; group 1 standby epoch 0 released unfit"));
}

QTEST_APPLESS_MAIN(WordsTest)
#include "words_test.moc"
