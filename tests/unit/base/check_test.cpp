// SPDX-License-Identifier: Apache-2.0
#include "base/check.h"

#include "dies.h"

#include <QtTest>

class CheckTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whatHoldsIsSilent();
    void whatIsBrokenAbortsAndSaysWhy();
    void theConditionIsEvaluatedOnce();
};

void CheckTest::whatHoldsIsSilent() {
    const Death death = deathOf([] { DYAD_CHECK(1 + 1 == 2, "arithmetic"); });
    QVERIFY(!death.aborted);
    QVERIFY(death.words.empty());
}

void CheckTest::whatIsBrokenAbortsAndSaysWhy() {
    const Death death = deathOf([] { DYAD_CHECK(1 + 1 == 3, "arithmetic is broken"); });
    QVERIFY(death.aborted);
    QVERIFY(death.words.find("arithmetic is broken [1 + 1 == 3]") != std::string::npos);
    QVERIFY(death.words.find("check_test.cpp:") != std::string::npos);
}

void CheckTest::theConditionIsEvaluatedOnce() {
    int count = 0;
    DYAD_CHECK(++count == 1, "counts");
    QCOMPARE(count, 1);
}

QTEST_APPLESS_MAIN(CheckTest)
#include "check_test.moc"
