// SPDX-License-Identifier: Apache-2.0
// The history's file: what was written is there again, also after a crash; a broken file is set aside and said; bounds.
#include "recorder/history/history.h"
#include "told_entries.h"

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <optional>

using namespace dyad;
using namespace dyad::recorder;
using engine::Trigger;
using model::Role;

namespace {

constexpr Duration guard = 60s;

class StandingClock final : public ports::Clock {
public:
    [[nodiscard]] Instant now() const override { return Instant() + 100s; }
    [[nodiscard]] std::int64_t wallClockMs() const override { return 1'790'000'100'000; }
};

IncidentContext context() { return {"beta", "alpha", {}}; }

std::vector<model::JournalEntry> aStart() {
    ToldEntries told(context());
    told.at(20).role(Role::Standby, Trigger::NobodyOwns, "erp");
    told.at(30).tell(engine::kind::reservationWon, "ours", "erp");
    told.role(Role::Claiming, Trigger::ReservationWon, "erp");
    told.at(40).role(Role::Starting, Trigger::AllRunning, "erp");
    return told.entries;
}

} // namespace

class HistoryTest : public QObject {
    Q_OBJECT

    StandingClock m_clock;
    std::unique_ptr<QTemporaryDir> m_folder;

    [[nodiscard]] std::string file() const { return m_folder->filePath("history.db").toStdString(); }
    [[nodiscard]] HistorySettings settings() const {
        HistorySettings settings;
        settings.file = file();
        settings.boot = "b00t";
        settings.context = context();
        return settings;
    }
    template <typename Value>
    static std::optional<Value> wait(const std::function<void(ports::HistoryPort::Answered<Value>)>& ask) {
        std::optional<Value> found;
        bool answered = false;
        ask([&](Result<Value> result) {
            answered = true;
            if (result)
                found = std::move(result).value();
            else
                qWarning("%s", result.error().text().c_str());
        });
        (void)QTest::qWaitFor([&] { return answered; }, static_cast<int>(guard / 1ms));
        return found;
    }
    static std::vector<model::Incident> incidentsOf(History& history) {
        return wait<std::vector<model::Incident>>([&](auto answered) { history.incidents(100, 0, answered); })
            .value_or(std::vector<model::Incident>());
    }
    static std::vector<model::RememberedEntry> entriesOf(History& history) {
        return wait<std::vector<model::RememberedEntry>>(
                   [&](auto answered) { history.entries(0, std::numeric_limits<std::int64_t>::max(), 1000, answered); })
            .value_or(std::vector<model::RememberedEntry>());
    }

private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void whatWasWrittenIsThereAgain() {
        const auto entries = aStart();
        {
            History history(settings(), m_clock);
            history.begin({}, 0);
            for (const auto& entry : entries)
                history.entryWritten(entry);
            history.auditWritten({.wallClockMs = 1'790'000'000'000,
                                  .who = "ann",
                                  .address = "10.0.0.9",
                                  .what = "switchover",
                                  .subject = "erp",
                                  .result = "accepted",
                                  .text = "it moves",
                                  .requestId = "r1"});
            QVERIFY(history.drain(guard));
        }
        History again(settings(), m_clock);
        again.begin(entries, entries.size()); // the journal has the same
        const auto incidents = incidentsOf(again);
        QCOMPARE(incidents.size(), std::size_t(1));
        QCOMPARE(incidents[0].id, entries.front().sequence);
        QCOMPARE(incidents[0].kind, model::IncidentKind::GroupStart);
        QCOMPARE(incidents[0].outcome, model::IncidentOutcome::Done);
        QCOMPARE(incidents[0].boot, std::string("b00t"));
        QCOMPARE(incidents[0].steps.size(), std::size_t(1));
        QVERIFY(incidents[0].steps[0].took == 10ms);
        const auto remembered = entriesOf(again);
        QCOMPARE(remembered.size(), entries.size());
        QCOMPARE(remembered[1].entry.text, entries[1].text);
        QCOMPARE(remembered[1].entry.at.nanoseconds(), entries[1].at.nanoseconds());
        const auto audit = wait<std::vector<model::AuditEntry>>([&](auto answered) { again.audit(10, answered); });
        QVERIFY(audit && audit->size() == 1);
        QCOMPARE(audit->front().who, std::string("ann"));
        QCOMPARE(audit->front().address, std::string("10.0.0.9"));
        QCOMPARE(audit->front().requestId, std::string("r1"));
        const auto durations =
            wait<std::vector<model::StepDuration>>([&](auto answered) { again.durations("erp", answered); });
        QVERIFY(durations && durations->size() == 1);
        QVERIFY(durations->front().took == 10ms);
    }

    // The service was killed before its last entries reached the file: the journal has them.
    void gapsAreFilledFromTheJournal() {
        const auto entries = aStart();
        {
            History history(settings(), m_clock);
            history.begin({}, 0);
            history.entryWritten(entries[0]);
            QVERIFY(history.drain(guard));
        }
        History again(settings(), m_clock);
        again.begin(entries, entries.size());
        QCOMPARE(entriesOf(again).size(), entries.size());
        QCOMPARE(incidentsOf(again).front().outcome, model::IncidentOutcome::Done);
    }

    // Half of an incident's entries are gone from the journal: no second one is made of the rest.
    void theRestOfAnIncidentMakesNoNewOne() {
        const auto entries = aStart();
        {
            History history(settings(), m_clock);
            history.begin({}, 0);
            for (const auto& entry : entries)
                history.entryWritten(entry);
            QVERIFY(history.drain(guard));
        }
        History again(settings(), m_clock);
        again.begin({entries.begin() + 1, entries.end()}, entries.size());
        QCOMPARE(incidentsOf(again).size(), std::size_t(1));
    }

    void aBrokenFileIsSetAsideAndSaid() {
        QFile broken(QString::fromStdString(file()));
        QVERIFY(broken.open(QIODevice::WriteOnly));
        broken.write(QByteArray(20000, 'x'));
        broken.close();
        History history(settings(), m_clock);
        std::string said;
        history.onSetAside = [&](const std::string& words) { said = words; };
        history.begin(aStart(), 4);
        QCOMPARE(entriesOf(history).size(), std::size_t(4));
        QTRY_VERIFY(!said.empty());
        QVERIFY2(said.find(".broken") != std::string::npos, said.c_str());
        QVERIFY(QFile::exists(QString::fromStdString(file() + ".broken")));
    }

    void ahistoryOfAnotherJournalIsSetAside() {
        {
            History history(settings(), m_clock);
            history.begin(aStart(), 4);
            QVERIFY(history.drain(guard));
        }
        History history(settings(), m_clock);
        std::string said;
        history.onSetAside = [&](const std::string& words) { said = words; };
        history.begin({}, 0); // the journal has begun anew
        QVERIFY(entriesOf(history).empty());
        QTRY_VERIFY(said.find("begun anew") != std::string::npos);
    }

    // The service lives, says so once, and answers questions with the reason.
    void aFolderThatCannotBeWrittenIsSaidOnce() {
        HistorySettings nowhere = settings();
        nowhere.file = "/proc/dyad-no-such-folder/history.db";
        History history(nowhere, m_clock);
        int said = 0;
        history.onTrouble = [&](const std::string& trouble) { said += trouble.empty() ? 0 : 1; };
        history.begin(aStart(), 4);
        std::string trouble;
        bool answered = false;
        history.incidents(10, 0, [&](const Result<std::vector<model::Incident>>& result) {
            answered = true;
            if (!result) trouble = result.error().text();
        });
        QTRY_VERIFY_WITH_TIMEOUT(answered, static_cast<int>(guard / 1ms));
        QVERIFY(!trouble.empty());
        history.entryWritten(aStart().back());
        QVERIFY(history.drain(guard));
        QTRY_COMPARE(said, 1);
    }

    void boundsArekept() {
        HistoryBounds bounds;
        bounds.maxEntries = 10;
        bounds.maxIncidents = 3;
        bounds.maxAudit = 2;
        auto opened = Database::open(file(), bounds, 0);
        QVERIFY(opened.ok());
        Database& database = *opened.value();
        Database::Batch batch;
        for (std::uint64_t i = 1; i <= 30; ++i) {
            model::JournalEntry entry;
            entry.sequence = i;
            entry.wallClockMs = 1'790'000'000'000 + static_cast<std::int64_t>(i);
            batch.entries.push_back({entry, "b"});
            model::Incident incident;
            incident.id = i;
            incident.endedWallMs = entry.wallClockMs;
            incident.steps = {{"claim", 1ms, 2ms}};
            batch.incidents.push_back(incident);
            batch.audit.push_back({.wallClockMs = entry.wallClockMs, .who = std::to_string(i)});
        }
        QVERIFY(database.write(batch).ok());
        QVERIFY(database.prune(1'790'000'100'000).ok());
        const auto entries = database.entries(0, std::numeric_limits<std::int64_t>::max(), 100);
        QCOMPARE(entries.value().size(), std::size_t(10));
        QCOMPARE(entries.value().back().entry.sequence, std::uint64_t(30));
        QCOMPARE(database.incidents(100, 0).value().size(), std::size_t(3));
        QCOMPARE(database.incidents(100, 30).value().front().id, std::uint64_t(29));
        QCOMPARE(database.audit(100).value().size(), std::size_t(2));
        QCOMPARE(database.audit(100).value().front().who, std::string("30"));
        QCOMPARE(database.durations("", 100).value().size(), std::size_t(0)); // ongoing ones don't count
        // And what is older than it may be goes, too.
        QVERIFY(database.prune(1'790'000'000'000 + 401LL * 24 * 3600 * 1000).ok());
        QVERIFY(database.incidents(100, 0).value().empty());
    }

    void aBatchIsWrittenWholeOrNotAtAll() {
        auto opened = Database::open(file(), {}, 0);
        QVERIFY(opened.ok());
        opened.value().reset();
        QFile bytes(QString::fromStdString(file()));
        QVERIFY(bytes.size() > 0);
        // Cut in the middle, as a file system that lost its last blocks would have it.
        QVERIFY(bytes.resize(bytes.size() / 2 + 100));
        auto again = Database::open(file(), {}, 0);
        QVERIFY(again.ok());
        QVERIFY(!again.value()->setAside().empty());
    }
};

QTEST_GUILESS_MAIN(HistoryTest)
#include "history_test.moc"
