// SPDX-License-Identifier: Apache-2.0
// "Would it have failed over?", asked of recordings of which the answer is known.
#include "recorded_life.h"

#include "recorder/flight/what_if.h"

#include <QTest>

using namespace dyad;
using namespace dyad::test;
using model::NodeId;

namespace {

// beta's recording of a pair that runs well for ten seconds, and then of what `disaster` brings.
recorder::Recording recordingOf(model::Profile profile, const std::function<void(RecordedLife&)>& disaster) {
    RecordedLife life(pairOfGroups(profile), 4 * 1024 * 1024);
    for (const NodeId node : model::bothNodes)
        life.world().host(node).powerOn();
    life.go(70s);
    disaster(life);
    auto recording = recorder::readRecording(life.file(NodeId::Second));
    return recording ? std::move(recording.value()) : recorder::Recording();
}

void cutAll(RecordedLife& life) {
    for (std::size_t link = 0; link < 2; ++link)
        for (const NodeId node : model::bothNodes)
            life.world().cut(link, node, true);
}

recorder::WhatIf ask(const recorder::Recording& recording, const std::vector<std::string>& changes) {
    const recorder::Run& run = recording.runs.back();
    const auto timeouts = recorder::changedTimeouts(engine::timeoutsOf(run.header.configuration.profile), changes);
    return timeouts ? recorder::whatIf(recording, run, timeouts.value(), changes.front()) : recorder::WhatIf();
}

std::optional<Duration> takeoverOf(const std::vector<recorder::Decision>& decisions, Instant base) {
    for (const recorder::Decision& decision : decisions)
        if (decision.text == "erp: claiming → starting") return decision.at - base;
    return {};
}

bool near(std::optional<Duration> value, Duration expected) {
    return value && *value > expected - 30ms && *value < expected + 30ms;
}

} // namespace

class FlightWhatIfTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theSameTimeoutsDecideTheSameAtTheSameTime() {
        const auto recording = recordingOf(model::Profile::Fast, [](RecordedLife& life) {
            life.world().host(NodeId::First).powerOff();
            life.go(20s);
        });
        const recorder::WhatIf result = ask(recording, {"profile=fast"});
        QCOMPARE(result.trouble, std::string());
        QCOMPARE(result.incidents.size(), std::size_t(1));
        const recorder::Incident& incident = result.incidents.front();
        QVERIFY2(!incident.differs(), incident.verdict.c_str());
        QVERIFY(near(takeoverOf(incident.recorded, incident.base), 160ms));
        QVERIFY(near(takeoverOf(incident.replayed, incident.base), 160ms));
    }

    void aDeadOwnerIsTakenOverLaterUnderRelaxedTimeouts() {
        const auto recording = recordingOf(model::Profile::Fast, [](RecordedLife& life) {
            life.world().host(NodeId::First).powerOff();
            life.go(20s);
        });
        const recorder::WhatIf result = ask(recording, {"profile=relaxed"});
        QCOMPARE(result.incidents.size(), std::size_t(1));
        const recorder::Incident& incident = result.incidents.front();
        QVERIFY(near(takeoverOf(incident.recorded, incident.base), 160ms));
        QVERIFY2(near(takeoverOf(incident.replayed, incident.base), 7s), incident.verdict.c_str());
        QVERIFY(incident.verdict.find("taken erp over") != std::string::npos);
    }

    // The recording ends before the other time-outs do: the silence is taken to last, and the verdict says so.
    void aSilenceThatOutlastsTheRecordingIsSaidToBeTakenToLast() {
        const auto recording = recordingOf(model::Profile::Fast, [](RecordedLife& life) {
            life.world().host(NodeId::First).powerOff();
            life.go(1s);
        });
        const recorder::WhatIf result = ask(recording, {"lost_after_ms=4000"});
        QCOMPARE(result.incidents.size(), std::size_t(1));
        const recorder::Incident& incident = result.incidents.front();
        QVERIFY2(near(takeoverOf(incident.replayed, incident.base), 4s), incident.verdict.c_str());
        QVERIFY(incident.verdict.find("had the silence gone on") != std::string::npos);
    }

    void aHostThatComesBackInTimeIsNotTakenOver() {
        const auto recording = recordingOf(model::Profile::Fast, [](RecordedLife& life) {
            // The owner stands still for 600 ms: enough to be taken over under fast time-outs.
            life.world().host(NodeId::First).freeze(600ms);
            life.go(20s);
        });
        const recorder::WhatIf result = ask(recording, {"profile=relaxed"});
        QVERIFY(!result.incidents.empty());
        const recorder::Incident& incident = result.incidents.front();
        QVERIFY(near(takeoverOf(incident.recorded, incident.base), 160ms));
        QVERIFY2(!takeoverOf(incident.replayed, incident.base), incident.verdict.c_str());
        QVERIFY(incident.onlyRecorded.has_value());
        QVERIFY2(incident.verdict.find("no takeover, the peer was heard again") != std::string::npos,
                 incident.verdict.c_str());
    }

    // Under shorter time-outs the standby would have asked the array something that it never asked.
    void aQuestionThatWasNeverAskedEndsTheWhatIf() {
        const auto recording = recordingOf(model::Profile::Relaxed, [](RecordedLife& life) {
            cutAll(life);
            life.go(4s); // suspect after 3 s, challenged; heard again before the window is over
            life.world().healLinks();
            life.go(20s);
        });
        const recorder::WhatIf same = ask(recording, {"profile=relaxed"});
        QVERIFY(!same.incidents.empty());
        QVERIFY(!takeoverOf(same.incidents.front().recorded, same.incidents.front().base));
        const recorder::WhatIf result = ask(recording, {"profile=fast"});
        QVERIFY(!result.incidents.empty());
        const recorder::Incident& incident = result.incidents.front();
        QVERIFY2(incident.differs() || incident.unanswered.has_value(), incident.verdict.c_str());
        QVERIFY(!result.remarks.empty()); // short silences are not in the recording
    }

    void wrongWordsAreRefusedByName() {
        const engine::Timeouts fast = engine::timeoutsOf(model::Profile::Fast);
        for (const char* wrong : {"profile=quick", "lost_after_ms", "lost_after_ms=", "lost_after_ms=-1",
                                  "lost_after_ms=4s", "suspect_after_ms=99999999999999999999", "window=3", ""}) {
            const auto changed = recorder::changedTimeouts(fast, {wrong});
            QVERIFY(!changed.ok());
            QVERIFY(changed.error().text().find(wrong) != std::string::npos);
        }
        QVERIFY(!recorder::changedTimeouts(fast, {"lost_after_ms=50"}).ok()); // before suspect
        QVERIFY(recorder::changedTimeouts(fast, {"lost_after_ms=4000"}).ok());
    }
};

QTEST_GUILESS_MAIN(FlightWhatIfTest)
#include "flight_what_if_test.moc"
