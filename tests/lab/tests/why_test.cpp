// SPDX-License-Identifier: Apache-2.0
// After the five steps of the demo `dyad why` tells each of them; a drill is reported and remembered; a support bundle
// has both nodes' halves and no secret.
#include "pair_fixture.h"

#include "lab/demo_steps.h"
#include "lab/paths.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include <fstream>
#include <iterator>

using namespace dyad;
using namespace dyad::lab;

namespace {

// The newest of this kind and group, as `dyad why --list` has it; empty: there is none.
QString incidentOf(const QString& kind, const QString& group, const QString& rule = {}) {
    const Told told = askJson("alpha", {"why", "--list", "--last", "200"});
    for (const QJsonValue& each : told.json()["incidents"].toArray())
        if (each["kind"] == kind && each["group"] == group && (rule.isEmpty() || each["rule"] == rule))
            return each["incident"].toString();
    return {};
}

bool tellsOf(const Told& story, const QString& node, const QString& kind) {
    for (const QJsonValue& line : story.json()["lines"].toArray())
        if (line["node"] == node && line["kind"] == kind) return true;
    return false;
}
bool hasRule(const Told& story, const QString& node, const QString& name) {
    for (const QJsonValue& rule : story.json()["rules"].toArray())
        if (rule["node"] == node && rule["name"] == name && !rule["text"].toString().isEmpty()) return true;
    return false;
}
bool hasStep(const Told& story, const QString& node, const QString& name) {
    for (const QJsonValue& step : story.json()["steps"].toArray())
        if (step["node"] == node && step["name"] == name) return true;
    return false;
}
Told why(const QString& incident) { return askJson("beta", {"why", incident.toStdString()}); }

} // namespace

class WhyTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "fast"}));
        QVERIFY(waitForLine("alpha", Instant(), "group_active", deadlockGuard, ledgerGroup).has_value());
        DemoStage stage{m_pair.client(), "fast", [] { return false; }};
        for (const DemoStep& step : demoSteps()) {
            const StepReport report = playStep(step, stage);
            std::string problems;
            for (const std::string& problem : report.problems)
                problems += problem + "; ";
            QVERIFY2(report.ok(), (step.name + ": " + problems).c_str());
        }
        for (const char* host : hostNames)
            VERIFY_WELL(waitForService(host, deadlockGuard));
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void thePowerOff() {
        const QString incident = incidentOf("takeover", groupName, "standby: peer silent");
        QVERIFY(!incident.isEmpty());
        const Told story = why(incident);
        QCOMPARE(story.status, 0);
        QCOMPARE(story.json()["outcome"].toString(), QStringLiteral("done"));
        QVERIFY(story.json()["headline"].toString().startsWith("beta took group erp over from alpha"));
        QVERIFY(tellsOf(story, "beta", "peer_suspect") && tellsOf(story, "beta", "challenge_placed"));
        QVERIFY(hasRule(story, "beta", "standby: peer silent") && hasRule(story, "beta", "claiming: reservation won"));
        for (const char* step : {"detect", "claim", "start data", "start db", "start ip"})
            QVERIFY2(hasStep(story, "beta", QString::fromLatin1(step)), step);
        QVERIFY(story.json()["client_gap_ms"].toDouble() > 0);
        QVERIFY2(story.json()["prevention"].toArray().first().toString().contains("alpha rebooted"),
                 story.text.constData());
    }

    void theReturnAsStandby() {
        const QString incident = incidentOf("node returned", "");
        QVERIFY(!incident.isEmpty());
        const Told story = why(incident);
        QVERIFY(story.json()["headline"].toString().contains("alpha came back after a reboot; nothing moved"));
        QVERIFY(tellsOf(story, "beta", "peer_rebooted") && tellsOf(story, "alpha", "service_started"));
        QVERIFY(story.json()["clients"].toString().startsWith("nothing"));
    }

    void theSwitchBack() {
        const QString incident = incidentOf("switchback", groupName);
        QVERIFY(!incident.isEmpty());
        const Told story = why(incident);
        QVERIFY(hasRule(story, "beta", "active: switchover ordered") &&
                hasRule(story, "alpha", "standby: peer released"));
        QVERIFY(hasStep(story, "beta", "stop db") && hasStep(story, "beta", "release"));
        QVERIFY(hasStep(story, "alpha", "claim") && hasStep(story, "alpha", "start db"));
        QVERIFY(tellsOf(story, "beta", "order"));
        QVERIFY(story.json()["client_gap_ms"].toDouble() > 0);
        QVERIFY(story.json()["prevention"].toArray().first().toString().contains("it was ordered"));
    }

    void theCutLinks() {
        const QString incident = incidentOf("failover refused", groupName);
        QVERIFY(!incident.isEmpty());
        const Told story = why(incident);
        QVERIFY2(hasRule(story, "beta", "claiming: defended"), story.text.constData());
        QVERIFY(tellsOf(story, "alpha", "defended") && tellsOf(story, "beta", "challenge_defended"));
        QVERIFY(story.json()["client_gap_ms"].isNull());
        QVERIFY2(story.json()["clients"].toString().startsWith("nothing"), story.text.constData());
        QVERIFY(story.json()["prevention"].toArray().first().toString().contains("shares nothing with the others"));
    }

    void theLostArray() {
        const QString incident = incidentOf("takeover", groupName, "standby: peer useless");
        QVERIFY(!incident.isEmpty());
        const Told story = why(incident);
        QVERIFY(tellsOf(story, "alpha", "lease_lost") && tellsOf(story, "beta", "reservation_won"));
        QVERIFY(hasRule(story, "alpha", "active: lease lost") && hasRule(story, "beta", "standby: peer useless"));
        QVERIFY(story.json()["client_gap_ms"].toDouble() > 0);
        QVERIFY2(
            story.json()["prevention"].toArray().first().toString().contains("a second path from alpha to the array"),
            story.text.constData());
        // And it is the one that is asked about without a name.
        QCOMPARE(askJson("alpha", {"why"}).json()["incident"].toString(), incident);
    }

    void anUnknownIncidentIsSaid() {
        const Told told = askJson("alpha", {"why", "beta-99999999"});
        QCOMPARE(told.status, 1);
        QVERIFY2(told.says("dyad why --list"), told.text.constData());
    }

    void aDrillIsReportedAgainstItsPrediction() {
        VERIFY_WELL(m_pair.recover());
        const Told planned = askJson("alpha", {"drill", groupName, "--dry-run"});
        QCOMPARE(planned.status, 0);
        QVERIFY2(!planned.json()["predicted"].toArray().isEmpty(), planned.text.constData());
        const Told drill = askJson("alpha", {"drill", groupName});
        QVERIFY2(drill.status == 0, drill.text.constData());
        QVERIFY(drill.json()["ok"].toBool());
        QCOMPARE(drill.json()["kind"].toString(), QStringLiteral("drill"));
        QVERIFY(hasStep(drill, "alpha", "stop db") && hasStep(drill, "beta", "start db"));
        QVERIFY(drill.json()["client_gap_ms"].toDouble() > 0);
        QVERIFY(ownerByAddress() == "beta");
        QCOMPARE(incidentOf("drill", groupName), drill.json()["incident"].toString());
        const Told back = askJson("beta", {"drill", groupName, "--back"});
        QVERIFY2(back.status == 0, back.text.constData());
        QVERIFY(ownerByAddress() == "alpha");
        const Told again = askJson("beta", {"drill", groupName, "--back"});
        QCOMPARE(again.status, 1); // it is there already
    }

    void theAuditKnowsWhoOrdered() {
        const auto output = runInHost("alpha", {programPath("dyad"), "support-bundle", "/var/lib/dyad/bundle.tar.gz"},
                                      {.deadline = 120s});
        VERIFY_WELL(output);
        QVERIFY2(output.value().exitStatus == 0, output.value().text.c_str());
        const std::string file = hostFolder("alpha") + "/var-lib/dyad/bundle.tar.gz";
        const auto names = runWell({"tar", "tzf", file});
        VERIFY_WELL(names);
        for (const char* part :
             {"alpha/state.json", "beta/state.json", "alpha/incidents.json", "beta/entries.json", "alpha/truth.json",
              "doctor.txt", "truth.txt", "versions.txt", "here/events.jsonl", "here/dyad.toml"})
            QVERIFY2(names.value().find(std::string("dyad-support/") + part + "\n") != std::string::npos,
                     (part + names.value()).c_str());
        const auto audit = runWell({"tar", "xzOf", file, "dyad-support/alpha/audit.json"});
        VERIFY_WELL(audit);
        QVERIFY2(audit.value().find("\"switchover\"") != std::string::npos &&
                     audit.value().find("\"operator\"") != std::string::npos,
                 audit.value().c_str());
        // Nothing of the pair's secrets is in it.
        const auto all = runWell({"tar", "xzOf", file});
        VERIFY_WELL(all);
        for (const char* secret : {"cluster.key", "operator.token", "tls/key.pem", "tokens"}) {
            std::ifstream stream(hostFolder("alpha") + "/etc/dyad/" + secret);
            std::string content(std::istreambuf_iterator<char>(stream), {});
            QVERIFY(content.size() > 40);
            const std::string piece = content.substr(content.size() / 2, 20);
            QVERIFY2(all.value().find(piece) == std::string::npos, secret);
        }
    }
};

QTEST_GUILESS_MAIN(WhyTest)
#include "why_test.moc"
