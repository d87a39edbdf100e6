// SPDX-License-Identifier: Apache-2.0
// A pair that is well gets no illness; each row spoils one thing, and just that is found, with a remedy.
#include "cli/doctor_checks.h"
#include "cli/doctor_text.h"

#include <QTest>

#include <functional>

using namespace dyad;
using namespace dyad::cli;

namespace {

DoctorNode nodeCalled(const std::string& name) {
    DoctorNode node;
    node.node = name;
    model::ClusterView view;
    view.node = name;
    view.profile = "standard";
    view.wallClockMs = 1'790'000'000'000;
    model::LinkView link;
    link.name = "private";
    link.report.liveness = model::Liveness::Alive;
    link.report.peerHearsUs = true;
    link.report.roundTrip = 300us;
    view.links = {link, link};
    view.links[1].name = "public";
    model::LunView lun;
    lun.name = "array";
    lun.pathUp = true;
    lun.holderName = "alpha";
    view.luns = {lun};
    model::GroupView group;
    group.name = "erp";
    group.activeNode = "alpha";
    view.groups = {group};
    view.nodes = {{.name = name, .self = true}};
    node.view = view;
    model::NodeTruth truth;
    truth.node = name;
    truth.version = "1.0";
    truth.configurationDigest = "aa";
    truth.worstLatenessMs = 5;
    node.truth = truth;
    return node;
}

LocalFacts goodHost() {
    LocalFacts facts;
    facts.files = {{"/etc/dyad/cluster.key", "the cluster key", 0600, true, 0600, 0}};
    facts.certificateDays = 3000;
    facts.stateFolder = "/var/lib/dyad";
    facts.freeBytes = 10ULL << 30;
    facts.totalBytes = 20ULL << 30;
    facts.watchdog = true;
    return facts;
}

struct Row {
    const char* name;
    std::function<void(std::vector<DoctorNode>&, LocalFacts&)> spoil;
    Health health;
    const char* subject; // of the one finding that isn't well
};

const std::vector<Row>& table() {
    using Nodes = std::vector<DoctorNode>;
    static const std::vector<Row> rows{
        {"link lost", [](Nodes& n, LocalFacts&) { n[0].view->links[1].report.liveness = model::Liveness::Lost; },
         Health::Ill, "link public at alpha"},
        {"one-way link", [](Nodes& n, LocalFacts&) { n[1].view->links[0].report.peerHearsUs = false; }, Health::Ill,
         "link private at beta"},
        {"loss", [](Nodes& n, LocalFacts&) { n[0].view->links[0].report.lossRatio = 0.04; }, Health::Warning,
         "link private at alpha"},
        {"slow link", [](Nodes& n, LocalFacts&) { n[0].view->links[0].report.roundTrip = 200ms; }, Health::Warning,
         "time-outs at alpha"},
        {"late heart", [](Nodes& n, LocalFacts&) { n[1].truth->worstLatenessMs = 350; }, Health::Warning,
         "time-outs at beta"},
        {"very late heart", [](Nodes& n, LocalFacts&) { n[1].truth->worstLatenessMs = 800; }, Health::Ill,
         "time-outs at beta"},
        {"no path", [](Nodes& n, LocalFacts&) { n[0].view->luns[0].pathUp = false; }, Health::Ill,
         "LUN array at alpha"},
        {"failed group", [](Nodes& n, LocalFacts&) { n[1].view->groups[0].ownRole = model::Role::Failed; }, Health::Ill,
         "group erp at beta"},
        {"alarm",
         [](Nodes& n, LocalFacts&) {
             n[0].view->alarms = {{.id = "network.gateway",
                                   .severity = model::Severity::Warning,
                                   .text = "no gateway",
                                   .remedy = "look"}};
         },
         Health::Warning, "alarm network.gateway at alpha"},
        {"node silent",
         [](Nodes& n, LocalFacts&) {
             n[1].view.reset();
             n[1].truth.reset();
             n[1].trouble = "refused";
         },
         Health::Ill, "service on beta"},
        {"clocks", [](Nodes& n, LocalFacts&) { n[1].view->wallClockMs += 9000; }, Health::Warning, "clocks"},
        {"configuration", [](Nodes& n, LocalFacts&) { n[1].truth->configurationDigest = "bb"; }, Health::Ill,
         "configuration"},
        {"version", [](Nodes& n, LocalFacts&) { n[1].truth->version = "0.9"; }, Health::Warning, "version"},
        {"maintenance", [](Nodes& n, LocalFacts&) { n[1].view->nodes[0].maintenance = true; }, Health::Warning,
         "maintenance of beta"},
        {"key readable by others", [](Nodes&, LocalFacts& f) { f.files[0].mode = 0644; }, Health::Ill,
         "/etc/dyad/cluster.key"},
        {"key of another", [](Nodes&, LocalFacts& f) { f.files[0].owner = 1000; }, Health::Ill,
         "/etc/dyad/cluster.key"},
        {"key missing", [](Nodes&, LocalFacts& f) { f.files[0].there = false; }, Health::Ill, "/etc/dyad/cluster.key"},
        {"certificate expires", [](Nodes&, LocalFacts& f) { f.certificateDays = 10; }, Health::Warning, "certificate"},
        {"certificate expired", [](Nodes&, LocalFacts& f) { f.certificateDays = -1; }, Health::Ill, "certificate"},
        {"disk full", [](Nodes&, LocalFacts& f) { f.freeBytes = 1000; }, Health::Warning, "disk space"},
        {"no watchdog", [](Nodes&, LocalFacts& f) { f.watchdog = false; }, Health::Warning, "watchdog"},
    };
    return rows;
}

std::string notWell(const std::vector<DoctorFinding>& findings) {
    std::string text;
    for (const DoctorFinding& each : findings)
        if (each.health != Health::Well) text += each.subject + ": " + each.text + "\n";
    return text;
}

} // namespace

class CliDoctorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void aPairThatIsWell() {
        const auto findings = examine({nodeCalled("alpha"), nodeCalled("beta")}, goodHost());
        QVERIFY2(notWell(findings).empty(), notWell(findings).c_str());
        QVERIFY(isWell(findings, {}));
        QVERIFY(findings.size() > 10);
    }
    void eachTrouble_data() {
        QTest::addColumn<int>("row");
        for (std::size_t i = 0; i < table().size(); ++i)
            QTest::newRow(table()[i].name) << static_cast<int>(i);
    }
    void eachTrouble() {
        QFETCH(int, row);
        const Row& each = table()[static_cast<std::size_t>(row)];
        std::vector<DoctorNode> nodes{nodeCalled("alpha"), nodeCalled("beta")};
        LocalFacts facts = goodHost();
        each.spoil(nodes, facts);
        const auto findings = examine(nodes, facts);
        int found = 0;
        for (const DoctorFinding& finding : findings) {
            if (finding.health == Health::Well) continue;
            ++found;
            QVERIFY2(finding.subject == each.subject && finding.health == each.health, notWell(findings).c_str());
            QVERIFY2(!finding.remedy.empty(), finding.subject.c_str());
        }
        QCOMPARE(found, 1);
        QCOMPARE(isWell(findings, {}), each.health != Health::Ill);
    }
    void theOddsFollowTheirModel() {
        // One link, half of the heartbeats lost, a second apart, three in a row: an eighth of all tries.
        const double year = 365.25 * 24 * 3600;
        QVERIFY(qAbs(silencesPerYear({0.5}, 1s, 3s) - year / 8) < 1);
        // A second link makes it rarer by the same factor.
        QVERIFY(qAbs(silencesPerYear({0.5, 0.5}, 1s, 3s) - year / 64) < 1);
        // Nothing lost isn't nothing: three of a hundred agree with it.
        QVERIFY(silencesPerYear({0}, 1s, 3s) == silencesPerYear({0.03}, 1s, 3s));
        QVERIFY(silencesPerYear({0.5}, 1s, 5s) < silencesPerYear({0.5}, 1s, 3s));
    }
};

QTEST_GUILESS_MAIN(CliDoctorTest)
#include "cli_doctor_test.moc"
