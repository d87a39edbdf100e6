// SPDX-License-Identifier: Apache-2.0
// The recording of a real takeover: it replays to the same actions, another profile decides otherwise, a damaged copy
// is used up to the damage.
#include "pair_fixture.h"

#include "lab/paths.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryDir>

#include <csignal>
#include <filesystem>
#include <fstream>

using namespace dyad;
using namespace dyad::lab;

class FlightRecorderTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;
    QTemporaryDir m_folder;
    std::string m_takeover; // beta's recording of it

    struct Told {
        int status = -1;
        QJsonObject json;
    };
    static Told replay(const std::string& file, const std::vector<std::string>& more = {}) {
        std::vector<std::string> command{programPath("dyad"), "replay", file, "--json"};
        command.insert(command.end(), more.begin(), more.end());
        const auto output = run(command);
        if (!output) return {};
        const QByteArray text = QByteArray::fromStdString(output.value().text).trimmed();
        return {output.value().exitStatus, QJsonDocument::fromJson(text.split('\n').last()).object()};
    }
    static std::string ringOf(const std::string& host) { return hostFolder(host) + "/var-lib/dyad/flight.ring"; }

    // The last run's last incident.
    static QJsonObject incident(const Told& told) {
        return told.json["runs"].toArray().last().toObject()["incidents"].toArray().last().toObject();
    }
    static double takeoverMs(const QJsonArray& decisions) {
        for (const QJsonValue& decision : decisions)
            if (decision["decision"].toString() == QString::fromStdString(groupName) + ": claiming → starting")
                return decision["after_ms"].toDouble();
        return -1;
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "fast", .ledger = false}));
        VERIFY_WELL(m_pair.recover());
        const auto off = powerOff("alpha");
        VERIFY_WELL(off);
        QVERIFY(waitForLine("beta", off.value(), "group_active", deadlockGuard, groupName).has_value());
        m_takeover = m_folder.filePath("takeover.ring").toStdString();
        std::filesystem::copy_file(ringOf("beta"), m_takeover); // while the service writes it
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void aTakeoverReplaysToTheSameActions() {
        const Told told = replay(m_takeover);
        QCOMPARE(told.status, 0);
        QVERIFY(told.json["same"].toBool());
        const QJsonObject last = told.json["runs"].toArray().last().toObject();
        QCOMPARE(last["node"].toString(), QStringLiteral("beta"));
        QVERIFY(last["steps"].toInt() > 20);
    }

    void underRelaxedTimeoutsItWouldHaveBeenLater() {
        const Told told = replay(m_takeover, {"--what-if", "profile=relaxed"});
        QCOMPARE(told.status, 0);
        const double recorded = takeoverMs(incident(told)["recorded"].toArray());
        const double otherwise = takeoverMs(incident(told)["what_if"].toArray());
        QVERIFY(recorded > 0);
        QVERIFY2(otherwise >= 7000, qPrintable(incident(told)["verdict"].toString()));
        QVERIFY(otherwise > recorded);
    }

    void aDamagedCopyIsUsedUpToTheDamage() {
        const std::string damaged = m_folder.filePath("damaged.ring").toStdString();
        std::filesystem::copy_file(m_takeover, damaged);
        const int all = replay(m_takeover).json["runs"].toArray().first().toObject()["steps"].toInt();
        std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
        std::uint64_t head = 0; // the header says how far the ring is written
        file.seekg(24);
        file.read(reinterpret_cast<char*>(&head), sizeof head);
        file.seekp(4096 + static_cast<std::streamoff>(head / 2));
        file.write("spoilt", 6);
        file.close();
        const Told told = replay(damaged);
        QCOMPARE(told.status, 5);
        QVERIFY(told.json["damaged"].toBool());
        const QJsonObject first = told.json["runs"].toArray().first().toObject();
        QVERIFY(first["damage"].toString().contains("damaged"));
        QVERIFY(first["steps"].toInt() > 0);
        QVERIFY(first["steps"].toInt() < all);
    }

    // SIGKILL at whatever instant: the recording ends there, the next service goes on behind it.
    void aKilledServiceLeavesARecordingThatTheNextOneGoesOnWith() {
        const int before = static_cast<int>(replay(ringOf("beta")).json["runs"].toArray().size());
        const Instant at = monotonicNow();
        const auto services = findInHost("beta", "dyadd");
        QCOMPARE(services.size(), std::size_t(1));
        QCOMPARE(kill(services.front(), SIGKILL), 0);
        QVERIFY(waitForLine("beta", at, "service_started", deadlockGuard).has_value());
        VERIFY_WELL(waitForService("beta", deadlockGuard));
        const Told told = replay(ringOf("beta"));
        QCOMPARE(told.status, 0);
        QCOMPARE(static_cast<int>(told.json["runs"].toArray().size()), before + 1);
    }
};

QTEST_GUILESS_MAIN(FlightRecorderTest)
#include "flight_recorder_test.moc"
