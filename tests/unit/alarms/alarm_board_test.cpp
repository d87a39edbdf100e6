// SPDX-License-Identifier: Apache-2.0
#include "alarms/alarm_board.h"

#include <QtTest>
#include <fcntl.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::alarms;

namespace {

struct SetClock final : ports::Clock {
    std::int64_t seconds = 1;
    Instant now() const override { return Instant() + seconds * 1s; }
    std::int64_t wallClockMs() const override { return seconds * 1000; }
};

struct RememberingJournal final : ports::JournalPort {
    std::vector<model::JournalEntry> entries;
    void write(model::JournalEntry entry) override { entries.push_back(std::move(entry)); }
};

model::AlarmView alarm(const std::string& id, model::Severity severity = model::Severity::Warning,
                       const std::string& text = "the link is down") {
    return {.id = id, .severity = severity, .text = text, .remedy = "Look at the cable"};
}

} // namespace

class AlarmBoardTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() {
        m_nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        m_log = std::make_unique<SystemLog>(m_nowhere, false);
        m_journal.entries.clear();
        m_clock.seconds = 1;
        m_board = std::make_unique<AlarmBoard>(m_journal, m_clock, *m_log);
    }
    void cleanup() { close(m_nowhere); }
    void raisedAndCleared();
    void raisingAgainIsNoNews();
    void anotherTextIsNews();
    void clearingNothingIsNoNews();
    void theWorstComesFirst();
    void thereIsABound();

private:
    int m_nowhere = -1;
    SetClock m_clock;
    RememberingJournal m_journal;
    std::unique_ptr<SystemLog> m_log;
    std::unique_ptr<AlarmBoard> m_board;
};

void AlarmBoardTest::raisedAndCleared() {
    int changes = 0;
    m_board->onChange = [&] { ++changes; };
    m_board->raise(alarm("link.lost:private"));
    QCOMPARE(m_board->list().size(), std::size_t(1));
    QVERIFY(m_board->list()[0].since == Instant() + 1s);
    QCOMPARE(m_board->list()[0].sinceWallClockMs, std::int64_t(1000));
    QCOMPARE(m_journal.entries.size(), std::size_t(1));
    QCOMPARE(m_journal.entries[0].kind, std::string("alarm_raised"));
    QCOMPARE(m_journal.entries[0].text, std::string("link.lost:private: the link is down. Look at the cable"));
    QVERIFY(m_journal.entries[0].severity == model::Severity::Warning);
    m_board->clear("link.lost:private");
    QVERIFY(m_board->list().empty());
    QCOMPARE(m_journal.entries.size(), std::size_t(2));
    QCOMPARE(m_journal.entries[1].kind, std::string("alarm_cleared"));
    QVERIFY(m_journal.entries[1].severity == model::Severity::Information);
    QCOMPARE(changes, 2);
}

void AlarmBoardTest::raisingAgainIsNoNews() {
    m_board->raise(alarm("a"));
    m_clock.seconds = 5;
    int changes = 0;
    m_board->onChange = [&] { ++changes; };
    m_board->raise(alarm("a"));
    QCOMPARE(changes, 0);
    QCOMPARE(m_journal.entries.size(), std::size_t(1));
    QVERIFY(m_board->list()[0].since == Instant() + 1s);
}

void AlarmBoardTest::anotherTextIsNews() {
    m_board->raise(alarm("a"));
    m_clock.seconds = 5;
    m_board->raise(alarm("a", model::Severity::Critical, "both links are down"));
    QCOMPARE(m_board->list().size(), std::size_t(1));
    QVERIFY(m_board->list()[0].severity == model::Severity::Critical);
    QCOMPARE(m_board->list()[0].text, std::string("both links are down"));
    QVERIFY(m_board->list()[0].since == Instant() + 1s);
    QCOMPARE(m_journal.entries.size(), std::size_t(2));
}

void AlarmBoardTest::clearingNothingIsNoNews() {
    m_board->clear("never raised");
    QVERIFY(m_journal.entries.empty());
}

void AlarmBoardTest::theWorstComesFirst() {
    m_board->raise(alarm("z", model::Severity::Warning));
    m_clock.seconds = 2;
    m_board->raise(alarm("a", model::Severity::Warning));
    m_clock.seconds = 3;
    m_board->raise(alarm("m", model::Severity::Critical));
    const auto list = m_board->list();
    QCOMPARE(list[0].id, std::string("m"));
    QCOMPARE(list[1].id, std::string("z"));
    QCOMPARE(list[2].id, std::string("a"));
}

void AlarmBoardTest::thereIsABound() {
    for (std::size_t i = 0; i < AlarmBoard::maxAlarms + 10; ++i)
        m_board->raise(alarm("id" + std::to_string(i)));
    QCOMPARE(m_board->list().size(), AlarmBoard::maxAlarms);
    QCOMPARE(m_journal.entries.size(), AlarmBoard::maxAlarms + 10); // told all the same
}

QTEST_APPLESS_MAIN(AlarmBoardTest)
#include "alarm_board_test.moc"
