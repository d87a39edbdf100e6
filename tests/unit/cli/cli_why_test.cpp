// SPDX-License-Identifier: Apache-2.0
// `dyad why` over the journals of a real pair that went through the five disasters of the demo, compared with texts
// that a person has read. DYAD_GOLDEN_WRITE=1 writes them anew. alpha's clocks are moved: the nodes never agree on
// them.
#include "cli/why_text.h"
#include "recorder/history/incident_rules.h"
#include "recorder/journal_line.h"

#include <QFile>
#include <QJsonArray>
#include <QTest>

#include <map>

using namespace dyad;
using namespace dyad::recorder;
using model::IncidentKind;

namespace {

constexpr Duration alphaAhead = 9000s; // of its monotonic clock
constexpr Duration read = 100000s;     // on the reader's clock

NodeTale taleOf(const std::string& node, const std::string& peer, const std::string& file, Duration ahead) {
    NodeTale tale;
    tale.node = node;
    tale.answered = true;
    IncidentRules rules({node, peer, {{"erp", "alpha"}, {"ledger", "alpha"}}});
    std::map<std::uint64_t, model::Incident> known;
    QFile journal(QStringLiteral(DYAD_WHY_GOLDEN "/%1").arg(QString::fromStdString(file)));
    if (!journal.open(QIODevice::ReadOnly)) return {};
    int boot = 0;
    while (!journal.atEnd()) {
        auto entry = fromLine(journal.readLine().trimmed().toStdString());
        if (!entry) return {};
        entry->at = entry->at + ahead;
        if (entry->kind == "service_started") ++boot; // in these journals each start is a boot
        tale.entries.push_back({*entry, node + std::to_string(boot)});
        for (model::Incident incident : rules.take(*entry)) {
            incident.boot = known.contains(incident.id) ? known[incident.id].boot : tale.entries.back().boot;
            known[incident.id] = std::move(incident);
        }
    }
    for (const auto& [id, incident] : known)
        tale.incidents.push_back(incident);
    const model::JournalEntry& last = tale.entries.back().entry;
    tale.clock = {tale.entries.back().boot, last.at, last.wallClockMs, {}, 400us};
    return tale;
}

std::vector<NodeTale> demo() {
    std::vector<NodeTale> tales{taleOf("alpha", "beta", "demo_alpha.jsonl", alphaAhead),
                                taleOf("beta", "alpha", "demo_beta.jsonl", 0ms)};
    // Both journals are of one machine: the reader read alpha's clock when its last entry was written.
    const Instant end = tales[1].clock.at;
    tales[1].clock.read = Instant() + read;
    tales[0].clock.read = Instant() + read + (tales[0].clock.at - alphaAhead - end);
    return tales;
}

std::vector<NodeTale> without(const std::string& node) {
    std::vector<NodeTale> tales = demo();
    for (NodeTale& tale : tales)
        if (tale.node == node) {
            tale.answered = false;
            tale.trouble = "connection refused";
            tale.incidents.clear();
            tale.entries.clear();
        }
    return tales;
}

const MergedIncident* incidentOf(const std::vector<MergedIncident>& all, IncidentKind kind, const std::string& group,
                                 const std::string& rule = {}) {
    for (const MergedIncident& each : all)
        if (each.primary.kind == kind && each.primary.group == group && (rule.empty() || each.primary.rule == rule))
            return &each;
    return nullptr;
}

void compare(const QString& name, const std::string& text) {
    QFile file(QStringLiteral(DYAD_WHY_GOLDEN "/%1.txt").arg(name));
    if (qEnvironmentVariableIsSet("DYAD_GOLDEN_WRITE")) {
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray::fromStdString(text));
        return;
    }
    QVERIFY2(file.open(QIODevice::ReadOnly), qPrintable(file.fileName()));
    QCOMPARE(QString::fromStdString(text), QString::fromUtf8(file.readAll()));
}

} // namespace

class CliWhyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { qputenv("TZ", "UTC"); }

    void theListHasEachOnce() {
        const auto tales = demo();
        compare(QStringLiteral("list"), cli::incidentListText(mergeIncidents(tales), tales, cli::Paint(false, true)));
    }

    void eachStepOfTheDemo_data() {
        QTest::addColumn<int>("kind");
        QTest::addColumn<QString>("rule");
        QTest::newRow("power_off") << static_cast<int>(IncidentKind::Takeover)
                                   << QStringLiteral("standby: peer silent");
        QTest::newRow("return_as_standby") << static_cast<int>(IncidentKind::NodeReturned) << QString();
        QTest::newRow("switch_back") << static_cast<int>(IncidentKind::Switchback) << QString();
        QTest::newRow("links_cut") << static_cast<int>(IncidentKind::FailoverRefused) << QString();
        QTest::newRow("array_lost") << static_cast<int>(IncidentKind::Takeover)
                                    << QStringLiteral("standby: peer useless");
    }
    void eachStepOfTheDemo() {
        QFETCH(int, kind);
        QFETCH(QString, rule);
        const auto tales = demo();
        const auto incidents = mergeIncidents(tales);
        const auto which = static_cast<IncidentKind>(kind);
        const MergedIncident* incident =
            incidentOf(incidents, which, which == IncidentKind::NodeReturned ? "" : "erp", rule.toStdString());
        QVERIFY(incident);
        const Story story = tellStory(tales, *incident);
        compare(QString::fromLatin1(QTest::currentDataTag()), cli::storyText(story, cli::Paint(false, true)));
        const QJsonObject json = cli::storyJson(story);
        QCOMPARE(json["kind"].toString(), QString::fromLatin1(toText(which)));
        QVERIFY(!json["lines"].toArray().isEmpty());
    }

    // Both hosts tell of a partition on one clock: the owner removes the challenge after it was placed.
    void twoClocksAreBroughtTogether() {
        const auto tales = demo();
        const auto incidents = mergeIncidents(tales);
        const MergedIncident* incident = incidentOf(incidents, IncidentKind::FailoverRefused, "erp");
        QVERIFY(incident);
        const Story story = tellStory(tales, *incident);
        int placed = -1, removed = -1, told = -1;
        for (std::size_t i = 0; i < story.lines.size(); ++i) {
            const std::string& kind = story.lines[i].entry.kind;
            if (kind == "challenge_placed") placed = static_cast<int>(i);
            if (kind == "defended") removed = static_cast<int>(i);
            if (kind == "challenge_defended") told = static_cast<int>(i);
        }
        QVERIFY(placed >= 0 && placed < removed && removed < told);
    }

    void oneNodeAloneTellsItsHalf() {
        const auto tales = without("alpha");
        const auto incidents = mergeIncidents(tales);
        const MergedIncident* incident = incidentOf(incidents, IncidentKind::Takeover, "erp", "standby: peer silent");
        QVERIFY(incident);
        const Story story = tellStory(tales, *incident);
        QVERIFY(story.gap.has_value());
        QVERIFY(story.notes.front().find("alpha did not answer") != std::string::npos);
        // Half of a switchback: what the clients felt isn't known.
        const MergedIncident* moved = incidentOf(incidents, IncidentKind::Switchback, "erp");
        QVERIFY(moved);
        QVERIFY(!tellStory(tales, *moved).gap.has_value());
    }

    // A drill right after a switchback: each taker belonged to both givers, and what the clients felt was not told.
    void twoMovesSoonAfterEachOtherStayApart() {
        const auto moved = [](std::uint64_t id, IncidentKind kind, const char* rule, int fromMs, int toMs) {
            model::Incident incident;
            incident.id = id;
            incident.boot = "b";
            incident.kind = kind;
            incident.outcome = model::IncidentOutcome::Done;
            incident.group = "erp";
            incident.rule = rule;
            incident.began = Instant() + std::chrono::milliseconds(fromMs);
            incident.ended = Instant() + std::chrono::milliseconds(toMs);
            return incident;
        };
        std::vector<NodeTale> tales(2);
        tales[0].node = "alpha";
        tales[0].incidents = {moved(10, IncidentKind::Move, "standby: peer released", 10200, 11000),
                              moved(20, IncidentKind::Drill, "active: switchover ordered", 11200, 11500)};
        tales[1].node = "beta";
        tales[1].incidents = {moved(7, IncidentKind::Switchback, "active: switchover ordered", 10000, 10200),
                              moved(9, IncidentKind::Move, "standby: peer released", 11500, 12000)};
        for (NodeTale& tale : tales) {
            tale.answered = true;
            tale.clock.boot = "b";
        }
        const auto incidents = mergeIncidents(tales);
        QCOMPARE(incidents.size(), std::size_t(2));
        QCOMPARE(incidents[0].name(), std::string("alpha-20"));
        QCOMPARE(incidents[1].name(), std::string("beta-7"));
        const Story drill = tellStory(tales, incidents[0]);
        QVERIFY(drill.gap && drill.gap->length == 800ms);
        const Story back = tellStory(tales, incidents[1]);
        QVERIFY(back.gap && back.gap->length == 1000ms);
    }

    void theLatestIsTheOneThatMatters() {
        const auto incidents = mergeIncidents(demo());
        const MergedIncident* latest = latestOf(incidents);
        QVERIFY(latest);
        QCOMPARE(latest->primary.kind, IncidentKind::Takeover);
        QCOMPARE(latest->primary.group, std::string("erp"));
        QVERIFY(findIncident(incidents, latest->name()) == latest);
        QVERIFY(!findIncident(incidents, "beta-99999"));
    }
};

QTEST_GUILESS_MAIN(CliWhyTest)
#include "cli_why_test.moc"
