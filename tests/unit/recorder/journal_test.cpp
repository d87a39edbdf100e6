// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal.h"

#include "recorder/journal_line.h"
#include "recorder/journal_tail.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <sys/resource.h>

using namespace dyad;
using namespace dyad::recorder;

namespace {

struct StillClock final : ports::Clock {
    Instant now() const override { return Instant::fromNanoseconds(42); }
    std::int64_t wallClockMs() const override { return 1000; }
};

model::JournalEntry entry(const std::string& text) {
    model::JournalEntry made;
    made.kind = "test";
    made.text = text;
    return made;
}

std::vector<std::string> linesOf(const std::filesystem::path& file) {
    std::vector<std::string> lines;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

// Files of this process can't grow beyond so many bytes: a full disk, for as long as the object lives.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) {
        getrlimit(RLIMIT_FSIZE, &m_before);
        const rlimit limit{bytes, m_before.rlim_max};
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &m_before); }

private:
    rlimit m_before{};
};

constexpr Duration deadlock = 60s;

} // namespace

class JournalTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void entriesAreNumberedAndKept();
    void onlyTheLastStayInMemory();
    void afterIsBounded();
    void theFolderIsMade();
    void numbersGoOnAfterARestart();
    void aTornLastLineIsRemovedBeforeTheNext_data();
    void aTornLastLineIsRemovedBeforeTheNext();
    void theFileIsRotated();
    void aFullDiskIsToldAndSurvived();
    void aDiskThatIsTooSlowIsTold();
    void aFileThatCantBeOpenedIsTold();
    void longTextsAreCut();

private:
    std::unique_ptr<QTemporaryDir> m_folder;
    StillClock m_clock;
    JournalSettings settings() { return {.file = m_folder->filePath("state/events.jsonl").toStdString()}; }
};

void JournalTest::entriesAreNumberedAndKept() {
    Journal journal(settings(), m_clock);
    std::vector<std::uint64_t> heard;
    journal.onEntry = [&](const model::JournalEntry& each) { heard.push_back(each.sequence); };
    for (const char* text : {"a", "b", "c"})
        journal.write(entry(text));
    QCOMPARE(heard, (std::vector<std::uint64_t>{1, 2, 3}));
    QCOMPARE(journal.lastSequence(), std::uint64_t(3));
    QVERIFY(journal.drain(deadlock));
    const auto lines = linesOf(settings().file);
    QCOMPARE(lines.size(), std::size_t(3));
    QCOMPARE(fromLine(lines[2])->text, std::string("c"));
    QCOMPARE(journal.disk().written, std::uint64_t(3));
    QCOMPARE(journal.disk().dropped, std::uint64_t(0));
}

void JournalTest::onlyTheLastStayInMemory() {
    JournalSettings few = settings();
    few.keptInMemory = 4;
    Journal journal(few, m_clock);
    for (int i = 0; i < 10; ++i)
        journal.write(entry("x"));
    const auto kept = journal.after(0, 100);
    QCOMPARE(kept.size(), std::size_t(4));
    QCOMPARE(kept.front().sequence, std::uint64_t(7));
}

void JournalTest::afterIsBounded() {
    Journal journal(settings(), m_clock);
    for (int i = 0; i < 10; ++i)
        journal.write(entry("x"));
    QCOMPARE(journal.after(3, 2).size(), std::size_t(2));
    QCOMPARE(journal.after(3, 2).front().sequence, std::uint64_t(4));
    QVERIFY(journal.after(10, 5).empty());
    QVERIFY(journal.after(1000, 5).empty());
    QVERIFY(journal.after(0, 0).empty());
    QCOMPARE(journal.after(0, 1000).size(), std::size_t(10));
}

void JournalTest::theFolderIsMade() {
    JournalSettings deep = settings();
    deep.file = m_folder->filePath("a/b/c/events.jsonl").toStdString();
    Journal journal(deep, m_clock);
    journal.write(entry("x"));
    QVERIFY(journal.drain(deadlock));
    QCOMPARE(linesOf(deep.file).size(), std::size_t(1));
}

void JournalTest::numbersGoOnAfterARestart() {
    {
        Journal journal(settings(), m_clock);
        for (int i = 0; i < 5; ++i)
            journal.write(entry("before"));
    } // the destructor lets the queue run empty
    Journal journal(settings(), m_clock);
    QCOMPARE(journal.lastSequence(), std::uint64_t(5));
    QCOMPARE(journal.after(0, 100).size(), std::size_t(5));
    journal.write(entry("after"));
    QCOMPARE(journal.after(5, 100).at(0).sequence, std::uint64_t(6));
    QVERIFY(journal.drain(deadlock));
    QCOMPARE(linesOf(settings().file).size(), std::size_t(6));
}

void JournalTest::aTornLastLineIsRemovedBeforeTheNext_data() {
    QTest::addColumn<std::string>("torn");
    QTest::newRow("half a line") << std::string(R"({"sequence":2,"at_n)");
    QTest::newRow("longer than one block") << std::string(10000, 'x');
    QTest::newRow("zeroes, as a power failure leaves them") << std::string(4096, '\0');
}

void JournalTest::aTornLastLineIsRemovedBeforeTheNext() {
    QFETCH(std::string, torn);
    std::filesystem::create_directories(settings().file.parent_path());
    model::JournalEntry first = entry("whole");
    first.sequence = 1;
    std::ofstream(settings().file, std::ios::binary) << toLine(first) << '\n' << torn;
    Journal journal(settings(), m_clock);
    QCOMPARE(journal.lastSequence(), std::uint64_t(1));
    journal.write(entry("next"));
    QVERIFY(journal.drain(deadlock));
    const auto lines = linesOf(settings().file);
    QCOMPARE(lines.size(), std::size_t(2));
    QCOMPARE(fromLine(lines[1])->text, std::string("next"));
    QCOMPARE(fromLine(lines[1])->sequence, std::uint64_t(2));
}

void JournalTest::theFileIsRotated() {
    JournalSettings small = settings();
    small.rotateBytes = 1000;
    Journal journal(small, m_clock);
    for (int i = 0; i < 100; ++i)
        journal.write(entry("some text that fills the file"));
    QVERIFY(journal.drain(deadlock));
    QVERIFY(std::filesystem::file_size(small.file) <= small.rotateBytes);
    QVERIFY(std::filesystem::file_size(rotatedName(small.file)) <= small.rotateBytes);
    auto lines = linesOf(rotatedName(small.file));
    for (const std::string& line : linesOf(small.file))
        lines.push_back(line);
    QVERIFY(lines.size() > 2);
    std::uint64_t expected = 100 - lines.size();
    for (const std::string& line : lines)
        QCOMPARE(fromLine(line)->sequence, ++expected); // no gap between the two
}

void JournalTest::aFullDiskIsToldAndSurvived() {
    Journal journal(settings(), m_clock);
    {
        const FileSizeLimit full(2000);
        for (int i = 0; i < 60; ++i)
            journal.write(entry("some text that fills the disk"));
        QVERIFY(journal.drain(deadlock));
        QVERIFY(journal.disk().dropped > 0);
        QVERIFY(!journal.disk().trouble.empty());
        for (const std::string& line : linesOf(settings().file))
            QVERIFY(fromLine(line).has_value()); // nothing half-written stays
        journal.write(entry("told before this one"));
        QVERIFY(journal.drain(deadlock));
    }
    const std::uint64_t all = journal.lastSequence();
    QCOMPARE(journal.after(0, 1000).size(), std::size_t(all)); // in memory nothing is missing
    const auto told = [&] {
        std::vector<std::string> texts;
        for (const model::JournalEntry& each : journal.after(0, 1000))
            if (each.kind == "journal_disk") texts.push_back(each.text);
        return texts;
    };
    QVERIFY(told().size() >= 1);
    QVERIFY(told().front().find("File too large (27)") != std::string::npos);
    journal.write(entry("there is room again"));
    QVERIFY(journal.drain(deadlock));
    QVERIFY(journal.disk().trouble.empty());
    journal.write(entry("and that is told"));
    QVERIFY(journal.drain(deadlock));
    QVERIFY(told().back().find("entries are missing there") != std::string::npos);
    QVERIFY(told().size() == 2); // once each, not once per entry
    const auto lines = linesOf(settings().file);
    for (const std::string& line : lines)
        QVERIFY(fromLine(line).has_value());
    QCOMPARE(fromLine(lines.back())->text, std::string("and that is told"));
    QCOMPARE(lines.size() + journal.disk().dropped, std::size_t(journal.lastSequence()));
}

void JournalTest::aDiskThatIsTooSlowIsTold() {
    JournalSettings none = settings();
    none.maxQueued = 0; // as if the queue were full all the time
    Journal journal(none, m_clock);
    journal.write(entry("a"));
    journal.write(entry("b"));
    QCOMPARE(journal.disk().written, std::uint64_t(0));
    QVERIFY(journal.disk().trouble.find("too slow") != std::string::npos);
    QCOMPARE(journal.after(0, 10).size(), std::size_t(3));
    QCOMPARE(journal.after(0, 10).at(1).kind, std::string("journal_disk"));
}

void JournalTest::aFileThatCantBeOpenedIsTold() {
    std::ofstream(m_folder->filePath("state").toStdString()) << "a file where the folder should be";
    Journal journal(settings(), m_clock);
    journal.write(entry("a"));
    QVERIFY(journal.drain(deadlock));
    QVERIFY(journal.disk().trouble.find("open: Not a directory") != std::string::npos);
    journal.write(entry("b"));
    QCOMPARE(journal.after(0, 10).at(1).kind, std::string("journal_disk"));
    QVERIFY(journal.after(0, 10).at(1).severity == model::Severity::Warning);
}

void JournalTest::longTextsAreCut() {
    Journal journal(settings(), m_clock);
    journal.write(entry(std::string(maxTextBytes - 1, 'a') + "ä" + std::string(5000, 'b')));
    QCOMPARE(journal.after(0, 1).at(0).text, std::string(maxTextBytes - 1, 'a'));
}

QTEST_APPLESS_MAIN(JournalTest)
#include "journal_test.moc"
