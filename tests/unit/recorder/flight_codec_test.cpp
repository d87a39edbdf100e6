// SPDX-License-Identifier: Apache-2.0
// The bytes of the flight recorder: golden for one of each, the way back for those of whole lives, and clear errors for
// what was spoilt. DYAD_REWRITE_GOLDEN=1 writes the golden bytes anew: then raise flightVersion, too.
#include "recorder/flight/codec.h"

#include "recorded_life.h"

#include <QTest>

#include <fstream>
#include <map>

using namespace dyad;
using namespace dyad::test;
using namespace dyad::recorder;

namespace {

using Bytes = std::vector<std::uint8_t>;

template <typename Encode>
Bytes bytesOf(Encode encodeInto) {
    Bytes bytes(maxPayloadBytes);
    const std::optional<std::size_t> used = encodeInto(std::span<std::uint8_t>(bytes));
    bytes.resize(used.value_or(0));
    return bytes;
}
Bytes eventBytes(const engine::Event& event) {
    return bytesOf([&](auto out) { return encodeEvent(7, Instant::fromNanoseconds(1'000'000'001), event, out); });
}

model::NodeStatus someStatus() {
    model::NodeStatus status;
    status.serviceAlive = status.maintenance = true;
    status.configurationDigest = 0x1122334455667788;
    status.groups = {{model::Role::Active, model::Epoch(3), false, false, true, false},
                     {model::Role::Failed, model::Epoch(9), true, true, false, true, {false, true, 0x0203}, 0x11223344}};
    return status;
}

model::ReservationSnapshot someSnapshot() {
    return {12,
            {{0x5d2a1000a3000102}, {0x5d2a2000a3000200}},
            model::ReservationKey{0x5d2a1000a3000102},
            model::ReservationType::WriteExclusive};
}

engine::HeartChanged someHeart() {
    model::LinkReport link;
    link.liveness = model::Liveness::Suspect;
    link.peerHearsUs = link.everHeard = true;
    link.lastHeard = Instant::fromNanoseconds(123456789);
    link.roundTrip = 250us;
    link.lossRatio = 0.25;
    link.received = 77;
    link.rejected = 1;
    return {{link, {}}, {true, model::BootDigest(0xabcdef), someStatus()}};
}

std::map<std::string, Bytes> examples() {
    using model::Epoch;
    using model::GroupId;
    using model::LunId;
    using model::OperationId;
    using model::ResourceId;
    const model::ReservationAnswer answer{OperationId(5),
                                          Epoch(2),
                                          GroupId(1),
                                          LunId(3),
                                          model::ReservationCommand::Claim,
                                          model::ReservationOutcome::Conflict,
                                          someSnapshot(),
                                          Instant::fromNanoseconds(-5),
                                          "sense 0x18"};
    std::map<std::string, Bytes> all;
    all["event_started"] = eventBytes(
        engine::Started{model::BootDigest(0x1234), someStatus(), {true, {{"erp", {true, false, 3}}}}});
    all["event_heart_changed"] = eventBytes(someHeart());
    all["event_gateway_changed"] = eventBytes(engine::GatewayChanged{true});
    all["event_reservation_answer"] = eventBytes(answer);
    all["event_lun_notice"] = eventBytes(model::LunNotice{LunId(1), model::LunNotice::Kind::Fenced, "2A/03"});
    all["event_resource_answer"] =
        eventBytes(model::ResourceAnswer{OperationId(6), Epoch(2), GroupId(0), ResourceId(4), model::ResourceVerb::Kill,
                                         model::ResourceOutcome::CouldNotRun, "über"});
    all["event_resource_notice"] =
        eventBytes(model::ResourceNotice{GroupId(0), ResourceId(2), model::ResourceNotice::Kind::Progress, "50 %"});
    all["event_order_given"] = eventBytes(
        engine::OrderGiven{model::RequestId(8), model::OrderKind::RestartResource, GroupId(1), model::ResourceId(2),
                          model::ReservationKey{0x5d2a1000a3000102}, true, "operator"});
    all["event_shutdown_requested"] = eventBytes(engine::ShutdownRequested{"SIGTERM"});
    all["event_was_frozen"] = eventBytes(engine::WasFrozen{3s});
    all["event_failback_window"] = eventBytes(engine::FailbackWindow{GroupId(1), true});
    all["event_time_passed"] = eventBytes(engine::TimePassed{});
    const std::vector<engine::Action> actions{
        engine::PublishStatus{someStatus()},
        model::ReservationRequest{OperationId(1),
                                  Epoch(2),
                                  GroupId(3),
                                  LunId(4),
                                  model::ReservationCommand::Defend,
                                  {0x77},
                                  model::ClaimFrom::Challenge,
                                  model::ReservationKey{0x88}},
        engine::CloseGate{LunId(2)},
        model::ResourceRequest{OperationId(9), Epoch(1), GroupId(0), ResourceId(1), model::ResourceVerb::Stop, true},
        engine::Explain{model::Severity::Critical, "peer_lost", GroupId(1), ResourceId(2), "lost"},
        engine::RaiseAlarm{"peer.lost", model::Severity::Critical, "text", "remedy"},
        engine::ClearAlarm{"peer.lost"},
        engine::AnswerOrder{model::RequestId(3), true, "on its way"},
        engine::SelfFence{"reason"},
        engine::KeepStandingOrders{{true, {{"erp", {true, false, 3}}}}},
        engine::ShutdownFinished{}};
    all["actions"] = bytesOf([&](auto out) { return encodeActions(7, Instant::fromNanoseconds(99), actions, out); });
    model::Configuration configuration = pairOfGroups(model::Profile::Relaxed);
    const RunHeader header{"0.1.0",       model::NodeId::Second, model::BootDigest(5), Instant::fromNanoseconds(1),
                           1700000000000, configuration};
    all["run_header"] = bytesOf([&](auto out) { return encode(header, out); });
    engine::Engine engine(configuration, model::NodeId::Second);
    engine.step(Instant::fromNanoseconds(10), engine::Started{model::BootDigest(5), someStatus()});
    engine.step(Instant::fromNanoseconds(20), someHeart());
    all["snapshot"] =
        bytesOf([&](auto out) { return encodeSnapshot(header, 2, Instant::fromNanoseconds(20), engine.state(), out); });
    return all;
}

std::string hex(const Bytes& bytes) {
    return QByteArray(reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size()))
        .toHex()
        .toStdString();
}

// Decodes whatever it is said to be and encodes it again; the error where it can't be decoded.
Result<Bytes> thereAndBack(RecordKind kind, std::span<const std::uint8_t> payload) {
    switch (kind) {
    case RecordKind::RunBegan: {
        auto value = decodeRunHeader(payload);
        if (!value) return value.error();
        return bytesOf([&](auto out) { return encode(value.value(), out); });
    }
    case RecordKind::Snapshot: {
        auto value = decodeSnapshot(payload);
        if (!value) return value.error();
        const FlightSnapshot& from = value.value();
        return bytesOf([&](auto out) { return encodeSnapshot(from.header, from.step, from.lastNow, from.state, out); });
    }
    case RecordKind::Event: {
        auto value = decodeEvent(payload);
        if (!value) return value.error();
        const FlightEvent& from = value.value();
        return bytesOf([&](auto out) { return encodeEvent(from.step, from.at, from.event, out); });
    }
    case RecordKind::Actions: {
        auto value = decodeActions(payload);
        if (!value) return value.error();
        const FlightActions& from = value.value();
        return bytesOf([&](auto out) { return encodeActions(from.step, from.nextDeadline, from.actions, out); });
    }
    case RecordKind::Padding:
    case RecordKind::Omitted: break;
    }
    return Bytes();
}

} // namespace

class FlightCodecTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theBytesAreTheGoldenOnes() {
        const std::string file = DYAD_GOLDEN_DIRECTORY "/flight_records.txt";
        if (qEnvironmentVariableIsSet("DYAD_REWRITE_GOLDEN")) {
            std::ofstream stream(file);
            stream << "version " << flightVersion << "\n";
            for (const auto& [name, bytes] : examples())
                stream << name << " " << hex(bytes) << "\n";
        }
        std::ifstream stream(file);
        std::map<std::string, std::string> golden;
        std::string name, digits;
        while (stream >> name >> digits)
            golden[name] = digits;
        QCOMPARE(golden["version"], std::to_string(flightVersion));
        const auto all = examples();
        QCOMPARE(golden.size(), all.size() + 1);
        for (const auto& [each, bytes] : all) {
            QVERIFY(!bytes.empty());
            QVERIFY2(golden[each] == hex(bytes), each.c_str());
        }
    }

    void everyRecordOfALifeComesBackTheSame() {
        RecordedLife life(pairOfGroups());
        suffer(life, 3, 15);
        const auto recording = readRecording(life.file(model::NodeId::Second));
        QVERIFY(recording.ok());
        for (const RecordPlace& place : recording.value().records) {
            if (place.kind == RecordKind::Padding) continue;
            const auto payload = recording.value().payload(place);
            const auto again = thereAndBack(place.kind, payload);
            QVERIFY2(again.ok(), again.ok() ? "" : again.error().text().c_str());
            QVERIFY(std::equal(payload.begin(), payload.end(), again.value().begin(), again.value().end()));
        }
    }

    // Whatever comes out of spoilt bytes is written as those bytes again; the rest is refused with its place.
    void spoiltBytesAreRefusedWithTheirPlace() {
        std::mt19937_64 random(42);
        unsigned refused = 0;
        for (const auto& [name, bytes] : examples()) {
            const RecordKind kind = name == "actions"      ? RecordKind::Actions
                                    : name == "run_header" ? RecordKind::RunBegan
                                    : name == "snapshot"   ? RecordKind::Snapshot
                                                           : RecordKind::Event;
            QVERIFY(thereAndBack(kind, bytes).ok());
            for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
                const auto less = thereAndBack(kind, std::span(bytes).first(cut));
                QVERIFY(!less.ok());
                QVERIFY(less.error().text().find("byte ") != std::string::npos);
            }
            Bytes more = bytes;
            more.push_back(0);
            QVERIFY(!thereAndBack(kind, more).ok());
            for (int i = 0; i < 2000; ++i) {
                Bytes bad = bytes;
                bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
                const auto again = thereAndBack(kind, bad);
                refused += !again.ok();
                if (!again) continue;
                // A filesystem's LUN is kept for filesystems only.
                if (kind == RecordKind::RunBegan || kind == RecordKind::Snapshot) continue;
                QVERIFY2(again.value() == bad, name.c_str());
            }
        }
        QVERIFY(refused > 1000);
    }

    void whatIsTooLargeIsRefusedNotCut() {
        Bytes little(16);
        QVERIFY(!encodeEvent(1, Instant(), someHeart(), little).has_value());
        Bytes much(maxPayloadBytes);
        QVERIFY(!encodeEvent(1, Instant(), engine::ShutdownRequested{std::string(maxFlightTextBytes + 1, 'x')}, much));
        QVERIFY(encodeEvent(1, Instant(), engine::ShutdownRequested{std::string(maxFlightTextBytes, 'x')}, much));
    }
};

QTEST_GUILESS_MAIN(FlightCodecTest)
#include "flight_codec_test.moc"
