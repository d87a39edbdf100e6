// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/prediction.h"

#include <QTest>

using namespace dyad;
using namespace dyad::recorder;
using model::IncidentKind;

class PredictionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void nothingIsKnownOfAGroupThatNeverMoved() {
        const std::vector<model::StepDuration> known{{"other", IncidentKind::Switchover, "claim", 5ms, 1}};
        QVERIFY(predictMove(known, "erp").empty());
    }
    void theMedianOfTheLastOnesInTheirOrder() {
        std::vector<model::StepDuration> known;
        // From the peer: starts and claim; the newest first, as a node answers.
        for (int i = 20; i > 0; --i) {
            known.push_back({"erp", IncidentKind::Switchover, "claim", 1ms * i, i});
            known.push_back({"erp", IncidentKind::Switchback, "start data", 10ms, i});
            known.push_back({"erp", IncidentKind::Takeover, "start data", 999ms, i}); // no move in order
        }
        known.push_back({"erp", IncidentKind::Drill, "stop db", 100ms, 3});
        known.push_back({"erp", IncidentKind::Move, "release", 2ms, 3});
        const auto steps = predictMove(known, "erp", 5);
        QCOMPARE(steps.size(), std::size_t(4));
        QCOMPARE(steps[0].what, std::string("stop db"));
        QCOMPARE(steps[1].what, std::string("release"));
        QCOMPARE(steps[2].what, std::string("claim"));
        QCOMPARE(steps[3].what, std::string("start data"));
        QCOMPARE(steps[2].samples, std::size_t(5));
        QVERIFY(steps[2].takes == 18ms); // of 16..20
        QVERIFY(totalOf(steps) == 100ms + 2ms + 18ms + 10ms);
        QCOMPARE(predictTakeover(known, "erp").size(), std::size_t(1));
    }
};

QTEST_GUILESS_MAIN(PredictionTest)
#include "prediction_test.moc"
