// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include "dies.h"

#include <QtTest>
#include <memory>

using namespace dyad;

class ResultTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aValue();
    void anError();
    void nothingOrAnError();
    void aValueThatOnlyMoves();
    void anErrorAsValueType();
    void askingForWhatIsNotThereAborts();
    void errorText_data();
    void errorText();
};

void ResultTest::aValue() {
    Result<int> result = 7;
    QVERIFY(result.ok() && bool(result));
    QCOMPARE(result.value(), 7);
    result.value() = 8;
    QCOMPARE(std::as_const(result).value(), 8);
}

void ResultTest::anError() {
    const Result<int> result = Error{.tried = "mount", .on = "/srv"};
    QVERIFY(!result.ok() && !bool(result));
    QCOMPARE(result.error().tried, std::string("mount"));
}

void ResultTest::nothingOrAnError() {
    const Result<void> good;
    QVERIFY(good.ok());
    const Result<void> bad = Error{.tried = "bind"};
    QVERIFY(!bad.ok());
    QCOMPARE(bad.error().text(), std::string("bind"));
}

void ResultTest::aValueThatOnlyMoves() {
    Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
    const std::unique_ptr<int> taken = std::move(result).value();
    QCOMPARE(*taken, 5);
}

void ResultTest::anErrorAsValueType() {
    const Result<std::string> text = std::string("tried");
    QVERIFY(text.ok()); // a text is a value, never an error
}

void ResultTest::askingForWhatIsNotThereAborts() {
    QVERIFY(deathOf([] { (void)Result<int>(Error{}).value(); }).aborted);
    QVERIFY(deathOf([] { (void)Result<int>(1).error(); }).aborted);
    QVERIFY(deathOf([] { (void)Result<void>().error(); }).aborted);
}

void ResultTest::errorText_data() {
    QTest::addColumn<std::string>("tried");
    QTest::addColumn<std::string>("on");
    QTest::addColumn<std::string>("cameBack");
    QTest::addColumn<std::string>("remedy");
    QTest::addColumn<std::string>("text");
    const auto row = [](const char* tried, const char* on, const char* back, const char* remedy, const char* text) {
        QTest::newRow(text) << std::string(tried) << std::string(on) << std::string(back) << std::string(remedy)
                            << std::string(text);
    };
    row("mount ext4 on", "/srv/erp", "device busy (16)", "End what uses it",
        "mount ext4 on /srv/erp: device busy (16). End what uses it");
    row("bind", "", "permission denied (13)", "", "bind: permission denied (13)");
    row("", "dyad.toml:3:1", "unknown key", "", "dyad.toml:3:1: unknown key");
    row("start", "postgres", "", "", "start postgres");
}

void ResultTest::errorText() {
    QFETCH(std::string, tried);
    QFETCH(std::string, on);
    QFETCH(std::string, cameBack);
    QFETCH(std::string, remedy);
    QFETCH(std::string, text);
    QCOMPARE((Error{tried, on, cameBack, remedy}.text()), text);
}

QTEST_APPLESS_MAIN(ResultTest)
#include "result_test.moc"
