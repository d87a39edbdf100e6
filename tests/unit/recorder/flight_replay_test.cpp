// SPDX-License-Identifier: Apache-2.0
// What was recorded of any life is replayed to the same actions and the same states, from the beginning and from each
// snapshot.
#include "recorded_life.h"

#include <QTest>

using namespace dyad;
using namespace dyad::test;
using recorder::Recording;
using recorder::Replay;

namespace {

// Every run to its end; what went wrong, or nothing.
std::string replayAll(const Recording& recording, std::uint64_t* steps = nullptr, std::uint64_t* snapshots = nullptr) {
    for (const recorder::Run& run : recording.runs) {
        Replay replay(recording, run);
        while (replay.next())
            ;
        if (steps) *steps += replay.stepsTaken();
        if (snapshots) *snapshots += replay.snapshotsCompared();
        if (replay.parting())
            return "parted at step " + std::to_string(replay.parting()->step) + ": " + replay.parting()->event;
        if (!replay.trouble().empty()) return replay.trouble();
        if (!run.damage.empty()) return run.damage;
    }
    return {};
}

} // namespace

class FlightReplayTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyRecordedLifeIsReplayedToTheSameActions() {
        std::uint64_t steps = 0;
        std::uint64_t snapshots = 0;
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            RecordedLife life(pairOfGroups(seed % 4 == 0 ? model::Profile::Standard : model::Profile::Fast));
            suffer(life, seed, 12);
            QCOMPARE(life.trouble, std::string());
            for (const model::NodeId node : model::bothNodes) {
                const auto recording = recorder::readRecording(life.file(node));
                QVERIFY2(recording.ok(), recording.ok() ? "" : recording.error().text().c_str());
                const std::string trouble = replayAll(recording.value(), &steps, &snapshots);
                QVERIFY2(trouble.empty(),
                         qPrintable(QString::fromStdString("seed " + std::to_string(seed) + ": " + trouble)));
            }
        }
        QVERIFY(steps > 10000);
        QVERIFY(snapshots > 10);
    }

    // A small ring has overwritten its beginning many times: what is left begins with a snapshot.
    void aRingWhoseBeginningIsGoneIsReplayedFromItsOldestSnapshot() {
        unsigned fromSnapshot = 0;
        for (std::uint64_t seed = 1; seed <= 10; ++seed) {
            RecordedLife life(pairOfGroups(), recorder::minRingBytes * 2);
            suffer(life, seed, 10);
            life.go(60s);
            for (const model::NodeId node : model::bothNodes) {
                const auto recording = recorder::readRecording(life.file(node));
                QVERIFY2(recording.ok(), recording.ok() ? "" : recording.error().text().c_str());
                std::uint64_t steps = 0;
                QCOMPARE(replayAll(recording.value(), &steps), std::string());
                QVERIFY(steps > 20);
                const recorder::Run& oldest = recording.value().runs.front();
                fromSnapshot += recording.value().records[oldest.first].kind == recorder::RecordKind::Snapshot;
            }
        }
        QVERIFY(fromSnapshot > 0);
    }

    void fromEachSnapshotTheRestIsTheSame() {
        RecordedLife life(pairOfGroups());
        suffer(life, 7, 12);
        auto read = recorder::readRecording(life.file(model::NodeId::First));
        QVERIFY(read.ok());
        Recording& recording = read.value();
        unsigned tried = 0;
        const std::vector<recorder::Run> runs = recording.runs;
        for (const recorder::Run& run : runs)
            for (std::size_t i = run.first + 1; i < run.last; ++i) {
                if (recording.records[i].kind != recorder::RecordKind::Snapshot) continue;
                recorder::Run rest = run;
                rest.first = i;
                recording.runs = {rest};
                QCOMPARE(replayAll(recording), std::string());
                ++tried;
            }
        QVERIFY(tried > 0);
    }

    // Another engine than the recorded one: here the same engine, told another number of restarts.
    void anEngineThatDecidesOtherwiseIsFoundOut() {
        RecordedLife life(pairOfGroups());
        world::World& world = life.world();
        for (const model::NodeId node : model::bothNodes)
            world.host(node).powerOn();
        life.go(3s);
        world.host(model::NodeId::First).resourceDies(model::GroupId(0), model::ResourceId(1), false);
        life.go(2s);
        auto read = recorder::readRecording(life.file(model::NodeId::First));
        QVERIFY(read.ok());
        QCOMPARE(replayAll(read.value()), std::string());
        read.value().runs.front().header.configuration.groups[0].resources[1].ladder.restarts = 0;
        Replay replay(read.value(), read.value().runs.front());
        while (replay.next())
            ;
        QVERIFY(replay.parting().has_value());
        QVERIFY(QString::fromStdString(replay.parting()->event).contains("db died"));
        QVERIFY(!replay.parting()->recorded.empty() && !replay.parting()->replayed.empty());
        QVERIFY(replay.parting()->recorded != replay.parting()->replayed);
    }
};

QTEST_GUILESS_MAIN(FlightReplayTest)
#include "flight_replay_test.moc"
