// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal_tail.h"

#include "recorder/journal_line.h"

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>

using namespace dyad;
using namespace dyad::recorder;

namespace {
std::string line(std::uint64_t sequence) {
    model::JournalEntry entry;
    entry.sequence = sequence;
    entry.text = "entry " + std::to_string(sequence);
    return toLine(entry);
}
} // namespace

class JournalTailTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingIsThere();
    void theLastEntriesAreKept();
    void aTornLastLineIsSkipped();
    void garbageInTheMiddleIsSkipped();
    void theRotatedFileComesFirst();
    void numbersNeverGoBack();
    void aLargeFileIsReadFromItsEnd();

private:
    QTemporaryDir m_folder;
    std::filesystem::path file(const char* name) { return m_folder.filePath(name).toStdString(); }
};

void JournalTailTest::nothingIsThere() {
    const JournalTail tail = readTail(file("absent"), 10);
    QVERIFY(tail.entries.empty());
    QCOMPARE(tail.lastSequence, std::uint64_t(0));
}

void JournalTailTest::theLastEntriesAreKept() {
    std::ofstream out(file("some"));
    for (std::uint64_t i = 1; i <= 20; ++i)
        out << line(i) << '\n';
    out.close();
    const JournalTail tail = readTail(file("some"), 5);
    QCOMPARE(tail.entries.size(), std::size_t(5));
    QCOMPARE(tail.entries.front().sequence, std::uint64_t(16));
    QCOMPARE(tail.entries.back().text, std::string("entry 20"));
    QCOMPARE(tail.lastSequence, std::uint64_t(20));
}

void JournalTailTest::aTornLastLineIsSkipped() {
    const std::string torn = line(3);
    for (std::size_t length = 0; length < torn.size(); ++length) {
        std::ofstream(file("torn")) << line(1) << '\n' << line(2) << '\n' << torn.substr(0, length);
        const JournalTail tail = readTail(file("torn"), 10);
        QCOMPARE(tail.entries.size(), std::size_t(2));
        QCOMPARE(tail.lastSequence, std::uint64_t(2));
    }
}

void JournalTailTest::garbageInTheMiddleIsSkipped() {
    std::ofstream(file("garbage"), std::ios::binary) << line(1) << '\n'
                                                     << std::string(500, '\0') << '\n'
                                                     << "\n\n{\n"
                                                     << line(2) << '\n';
    QCOMPARE(readTail(file("garbage"), 10).entries.size(), std::size_t(2));
}

void JournalTailTest::theRotatedFileComesFirst() {
    std::ofstream(file("rotated.1")) << line(1) << '\n' << line(2) << '\n';
    std::ofstream(file("rotated")) << line(3) << '\n';
    QCOMPARE(rotatedName(file("rotated")), file("rotated.1"));
    const JournalTail tail = readTail(file("rotated"), 10);
    QCOMPARE(tail.entries.size(), std::size_t(3));
    QCOMPARE(tail.entries[0].sequence, std::uint64_t(1));
    // The crash came between the renaming and the first line of the new file: the numbers still go on.
    std::filesystem::remove(file("rotated"));
    QCOMPARE(readTail(file("rotated"), 10).lastSequence, std::uint64_t(2));
}

void JournalTailTest::numbersNeverGoBack() {
    std::ofstream(file("back")) << line(5) << '\n' << line(2) << '\n' << line(5) << '\n' << line(6) << '\n';
    const JournalTail tail = readTail(file("back"), 10);
    QCOMPARE(tail.entries.size(), std::size_t(2));
    QCOMPARE(tail.lastSequence, std::uint64_t(6));
}

void JournalTailTest::aLargeFileIsReadFromItsEnd() {
    std::ofstream out(file("large"));
    std::uint64_t sequence = 0;
    while (out.tellp() < static_cast<std::streamoff>(maxTailBytes + 100000))
        out << line(++sequence) << '\n';
    out.close();
    const JournalTail tail = readTail(file("large"), 1000000);
    QCOMPARE(tail.lastSequence, sequence);
    QVERIFY(tail.entries.front().sequence > 1);
    for (std::size_t i = 1; i < tail.entries.size(); ++i)
        QCOMPARE(tail.entries[i].sequence, tail.entries[i - 1].sequence + 1);
}

QTEST_APPLESS_MAIN(JournalTailTest)
#include "journal_tail_test.moc"
