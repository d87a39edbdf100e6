// SPDX-License-Identifier: Apache-2.0
#include "base/overloaded.h"
#include "base/strong_id.h"
#include "base/time.h"

#include <QtTest>
#include <variant>

using namespace dyad;

class TimeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void instants();
    void text_data();
    void text();
    void strongIds();
    void overloaded();
};

void TimeTest::instants() {
    const Instant at = Instant::fromNanoseconds(1'000'000'000);
    QVERIFY(at + 500ms > at);
    QVERIFY(at - 1s == Instant());
    QVERIFY((at + 500ms) - at == 500ms);
    QVERIFY(at - (at + 500ms) == -500ms);
    QCOMPARE((at + 1ns).nanoseconds(), std::int64_t(1'000'000'001));
    QCOMPARE(milliseconds(1500us), 1.5);
    // The far end of the clock: 292 years fit.
    QVERIFY(Instant::fromNanoseconds(INT64_MAX) > at);
}

void TimeTest::text_data() {
    QTest::addColumn<qint64>("nanoseconds");
    QTest::addColumn<std::string>("text");
    const auto row = [](Duration duration, const char* text) {
        QTest::newRow(text) << qint64(duration.count()) << std::string(text);
    };
    row(0ns, "0 ms");
    row(1500us, "1.5 ms");
    row(162ms, "162 ms");
    row(999ms, "999 ms");
    row(1500ms, "1.5 s");
    row(-2s, "-2 s");
    row(60s, "60 s");
    row(-20ms, "-20 ms");
}

void TimeTest::text() {
    QFETCH(qint64, nanoseconds);
    QFETCH(std::string, text);
    QCOMPARE(toText(Duration(nanoseconds)), text);
}

void TimeTest::strongIds() {
    using Apple = StrongId<struct AppleTag>;
    using Pear = StrongId<struct PearTag>;
    static_assert(!std::is_convertible_v<Apple, Pear>);
    static_assert(!std::is_convertible_v<int, Apple>);
    static_assert(!std::is_constructible_v<Apple, Pear>);
    QVERIFY(Apple(1) < Apple(2));
    QVERIFY(Apple(1).next() == Apple(2));
    using Small = StrongId<struct SmallTag, std::uint8_t>;
    QVERIFY(Small(255).next() == Small(0));
}

void TimeTest::overloaded() {
    const std::variant<int, std::string> word = std::string("a");
    QCOMPARE(std::visit(Overloaded{[](int) { return 1; }, [](const std::string&) { return 2; }}, word), 2);
}

QTEST_APPLESS_MAIN(TimeTest)
#include "time_test.moc"
