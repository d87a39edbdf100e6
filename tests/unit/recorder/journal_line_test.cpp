// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal_line.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>

using namespace dyad;
using namespace dyad::recorder;

namespace {
model::JournalEntry example() {
    return {.sequence = 7,
            .at = Instant::fromNanoseconds(123456789012345),
            .wallClockMs = 1795000000123,
            .severity = model::Severity::Critical,
            .kind = "lease_lost",
            .group = "erp",
            .resource = "data",
            .text = "the key is gone"};
}
} // namespace

class JournalLineTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void theFormatIsFixed();
    void whatIsWrittenIsReadBack_data();
    void whatIsWrittenIsReadBack();
    void anyBytesBecomeValidJson();
    void longTextsAreCutBetweenCharacters();
    void noTornLineIsTakenForWhole();
    void foreignLinesAreRefused_data();
    void foreignLinesAreRefused();
    void keysOfALaterVersionAreSkipped();
};

void JournalLineTest::theFormatIsFixed() {
    QCOMPARE(toLine(example()),
             std::string(R"({"sequence":7,"at_ns":123456789012345,"wall_ms":1795000000123,"severity":"critical",)"
                         R"("kind":"lease_lost","group":"erp","resource":"data","text":"the key is gone"})"));
}

void JournalLineTest::whatIsWrittenIsReadBack_data() {
    QTest::addColumn<std::string>("text");
    QTest::newRow("empty") << std::string();
    QTest::newRow("quotes") << std::string(R"(lun "array" \ gone)");
    QTest::newRow("lines") << std::string("one\ntwo\r\tthree");
    QTest::newRow("all control characters") << std::string("\x01\x02\x1f\x7f");
    QTest::newRow("zero byte") << std::string("a\0b", 3);
    QTest::newRow("other alphabets") << std::string("Gerät läuft → 正常 😀");
}

void JournalLineTest::whatIsWrittenIsReadBack() {
    QFETCH(std::string, text);
    model::JournalEntry entry = example();
    entry.text = text;
    const std::string line = toLine(entry);
    QVERIFY(line.find('\n') == std::string::npos);
    const auto back = fromLine(line);
    QVERIFY(back.has_value());
    QCOMPARE(back->text, text);
    QCOMPARE(back->sequence, entry.sequence);
    QVERIFY(back->at == entry.at);
    QCOMPARE(back->wallClockMs, entry.wallClockMs);
    QVERIFY(back->severity == entry.severity);
    QCOMPARE(back->kind, entry.kind);
    QCOMPARE(back->group, entry.group);
    QCOMPARE(back->resource, entry.resource);
    QJsonParseError error;
    const QJsonDocument json =
        QJsonDocument::fromJson(QByteArray::fromStdString(line), &error); // a reader that isn't ours
    QCOMPARE(error.error, QJsonParseError::NoError);
    QCOMPARE(json.object().value("text").toString().toStdString(), text);
}

void JournalLineTest::anyBytesBecomeValidJson() {
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            model::JournalEntry entry = example();
            entry.text = {static_cast<char>(first), static_cast<char>(second), 'x'};
            QJsonParseError error;
            const QJsonDocument json = QJsonDocument::fromJson(QByteArray::fromStdString(toLine(entry)), &error);
            QVERIFY2(error.error == QJsonParseError::NoError, qPrintable(QString("%1 %2").arg(first).arg(second)));
            QVERIFY(json.object().value("text").toString().endsWith('x'));
        }
    }
}

void JournalLineTest::longTextsAreCutBetweenCharacters() {
    model::JournalEntry entry = example();
    for (const std::string& letter :
         {std::string("x"), std::string("ä"), std::string("😀"), std::string("\x01"), std::string("\xff")}) {
        entry.text.clear();
        while (entry.text.size() < 3 * maxTextBytes)
            entry.text += letter;
        entry.kind = entry.group = entry.resource = entry.text;
        const std::string line = toLine(entry);
        QVERIFY(line.size() <= maxLineBytes);
        QVERIFY(fromLine(line).has_value());
        QJsonParseError error;
        (void)QJsonDocument::fromJson(QByteArray::fromStdString(line), &error);
        QCOMPARE(error.error, QJsonParseError::NoError);
    }
}

void JournalLineTest::noTornLineIsTakenForWhole() {
    const std::string line = toLine(example());
    for (std::size_t length = 0; length < line.size(); ++length)
        QVERIFY(!fromLine(std::string_view(line).substr(0, length)));
    for (std::size_t begin = 1; begin < line.size(); ++begin)
        QVERIFY(!fromLine(std::string_view(line).substr(begin)));
    QVERIFY(fromLine(line).has_value());
}

void JournalLineTest::foreignLinesAreRefused_data() {
    QTest::addColumn<std::string>("line");
    const auto row = [](const char* line) { QTest::newRow(line) << std::string(line); };
    row("{}");
    row("null");
    row(R"({"sequence":0})");
    row(R"({"sequence":-1})");
    row(R"({"sequence":18446744073709551616})");
    row(R"({"sequence":1,"severity":"loud"})");
    row(R"({"sequence":1,"text":"\u00zz"})");
    row(R"({"sequence":1,"text":"\q"})");
    row(R"({"sequence":1,"later":[1]})");
    row(R"({"sequence":1} trailing)");
    row(R"({"sequence":"1"})");
    row(R"({"sequence":1,})");
}

void JournalLineTest::foreignLinesAreRefused() {
    QFETCH(std::string, line);
    QVERIFY(!fromLine(line));
}

void JournalLineTest::keysOfALaterVersionAreSkipped() {
    const auto entry = fromLine(R"({ "sequence": 9, "later": "word", "more": -5, "text": "t\/\n" })");
    QVERIFY(entry.has_value());
    QCOMPARE(entry->sequence, std::uint64_t(9));
    QCOMPARE(entry->text, std::string("t/\n"));
}

QTEST_APPLESS_MAIN(JournalLineTest)
#include "journal_line_test.moc"
