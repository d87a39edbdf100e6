// SPDX-License-Identifier: Apache-2.0
// Two truths that agree are silent; each row spoils one thing and names the contradiction that must come of it.
#include "control/protocol/truth_json.h"
#include "control/truth/contradictions.h"

#include <QTest>

#include <functional>

using namespace dyad;
using namespace dyad::control;
using model::NodeTruth;

namespace {

const model::ReservationKey alphaKey =
    model::ReservationKey::make(7, model::NodeId::First, model::BootDigest(0x111), model::Epoch(3)).withLogin(1);
const model::ReservationKey betaKey =
    model::ReservationKey::make(7, model::NodeId::Second, model::BootDigest(0x222), model::Epoch(2)).withLogin(1);
constexpr const char* alphaHardware = "02:00:00:00:00:01";

NodeTruth truthOf(const std::string& node, bool active) {
    NodeTruth truth;
    truth.node = node;
    truth.peer = node == "alpha" ? "beta" : "alpha";
    truth.version = "1.0";
    truth.wallMs = 5;
    truth.configurationDigest = truth.fileDigest = truth.peerDigest = "00000000000000aa";
    truth.peerAlive = true;
    truth.worstLatenessMs = 2;
    truth.groups = {{"erp", active ? model::Role::Active : model::Role::Standby, 3}};
    model::TruthLun lun;
    lun.name = "array";
    lun.group = "erp";
    lun.pathUp = lun.known = true;
    lun.gateOpen = active;
    lun.snapshot = {4, {alphaKey}, alphaKey, model::ReservationType::WriteExclusive};
    lun.holderName = "alpha";
    lun.configuredMount = "/srv/erp";
    if (active) lun.mountedAt = {"/srv/erp"};
    truth.luns = {lun};
    truth.mounts = {
        {"erp", "data", "/srv/erp", active, active, true, active ? "/dev/loop1" : "", active ? "ext4" : ""}};
    model::TruthAddress address;
    address.group = "erp";
    address.resource = "ip";
    address.address = "10.77.0.100";
    address.claimed = active;
    address.settled = true;
    address.interface = active ? "public" : "";
    address.wireInterface = "public";
    address.ownHardware = active ? alphaHardware : "02:00:00:00:00:02";
    if (!active) {
        address.answers = {alphaHardware};
        address.neighbour = alphaHardware;
    }
    truth.addresses = {address};
    truth.processes = {{"erp", "db", active ? 12 : 0, active, true, active}};
    return truth;
}

struct Row {
    const char* name;
    std::function<void(NodeTruth& alpha, NodeTruth& beta)> spoil;
    std::vector<std::string> ids; // that must be there, and no others
};

const std::vector<Row>& table() {
    static const std::vector<Row> rows{
        {"all is well", [](NodeTruth&, NodeTruth&) {}, {}},
        {"an address added by hand on the standby",
         [](NodeTruth&, NodeTruth& beta) { beta.addresses[0].interface = "public"; },
         {"truth.address:erp/ip@beta", "truth.twice:erp/ip@beta", "truth.address:erp/ip@alpha+beta"}},
        {"an address taken away by hand",
         [](NodeTruth& alpha, NodeTruth& beta) {
             alpha.addresses[0].interface.clear();
             beta.addresses[0].answers.clear();
         },
         {"truth.address:erp/ip@alpha"}},
        {"in the middle of a move nothing is said",
         [](NodeTruth&, NodeTruth& beta) {
             beta.addresses[0].settled = beta.mounts[0].settled = beta.processes[0].settled = false;
             beta.mounts[0].mounted = true;
             beta.processes[0].alive = true;
         },
         {"truth.mount:erp/data@alpha+beta"}},
        {"a third host has the address",
         [](NodeTruth& alpha, NodeTruth& beta) {
             alpha.addresses[0].answers = {"02:00:00:00:00:09"};
             beta.addresses[0].answers = {alphaHardware, "02:00:00:00:00:09"};
         },
         {"truth.twice:erp/ip@alpha", "truth.answers:erp/ip@beta"}},
        {"a stale ARP entry on the standby",
         [](NodeTruth&, NodeTruth& beta) { beta.addresses[0].neighbour = "02:00:00:00:00:99"; },
         {"truth.arp:erp/ip@beta"}},
        {"a stale ARP entry of a client",
         [](NodeTruth&, NodeTruth& beta) { beta.addresses[0].sendsHere = {"10.77.0.50 (02:00:00:00:00:05)"}; },
         {"truth.arp-of-others:erp/ip@beta"}},
        {"a key left on the LUN",
         [](NodeTruth&, NodeTruth& beta) { beta.luns[0].snapshot.registrants.push_back(betaKey); },
         {"truth.key:array@beta"}},
        {"a key while the node itself challenges is none",
         [](NodeTruth&, NodeTruth& beta) {
             beta.groups[0].role = model::Role::Claiming;
             beta.luns[0].snapshot.registrants.push_back(betaKey);
         },
         {}},
        {"a key on a LUN that nobody holds",
         [](NodeTruth& alpha, NodeTruth& beta) {
             for (NodeTruth* node : {&alpha, &beta}) {
                 node->groups[0].role = model::Role::Failed;
                 node->luns[0].snapshot = {5, {betaKey}, {}, model::ReservationType::None};
                 node->luns[0].holderName = "nobody";
             }
         },
         {"truth.key:array@alpha", "truth.key:array@beta"}},
        {"a mount by hand at its own place",
         [](NodeTruth&, NodeTruth& beta) { beta.mounts[0].mounted = true; },
         {"truth.mount:erp/data@beta", "truth.mount:erp/data@alpha+beta"}},
        {"the LUN mounted by hand somewhere else",
         [](NodeTruth&, NodeTruth& beta) { beta.luns[0].mountedAt = {"/mnt"}; },
         {"truth.mount:array/mnt@beta"}},
        {"unmounted by hand",
         [](NodeTruth& alpha, NodeTruth&) { alpha.mounts[0].mounted = false; },
         {"truth.mount:erp/data@alpha"}},
        {"a file that is not what runs",
         [](NodeTruth&, NodeTruth& beta) { beta.fileDigest = "00000000000000bb"; },
         {"truth.configuration:file@beta"}},
        {"different configurations",
         [](NodeTruth& alpha, NodeTruth& beta) {
             beta.configurationDigest = beta.fileDigest = "00000000000000bb";
             alpha.peerDigest = "00000000000000bb";
         },
         {"truth.configuration:peer@alpha", "truth.configuration:peer@beta"}},
        {"a process that is gone",
         [](NodeTruth& alpha, NodeTruth&) { alpha.processes[0].alive = false; },
         {"truth.process:erp/db@alpha"}},
        {"a process by hand on the standby",
         [](NodeTruth&, NodeTruth& beta) { beta.processes[0].alive = true; },
         {"truth.process:erp/db@beta"}},
        {"both are active",
         [](NodeTruth&, NodeTruth& beta) {
             beta = truthOf("beta", true);
             beta.addresses[0].interface.clear();
             beta.addresses[0].settled = false;
             beta.mounts[0].mounted = beta.mounts[0].claimed = false;
         },
         {"truth.holder:array@beta", "truth.group:erp@alpha+beta"}},
        {"an open gate on the standby",
         [](NodeTruth&, NodeTruth& beta) { beta.luns[0].gateOpen = true; },
         {"truth.gate:array@beta"}},
        {"different versions",
         [](NodeTruth&, NodeTruth& beta) { beta.version = "1.1"; },
         {"truth.version:pair@alpha+beta"}},
    };
    return rows;
}

} // namespace

class ControlTruthTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void eachContradiction_data() {
        QTest::addColumn<int>("row");
        for (std::size_t i = 0; i < table().size(); ++i)
            QTest::newRow(table()[i].name) << static_cast<int>(i);
    }
    void eachContradiction() {
        QFETCH(int, row);
        const Row& each = table()[static_cast<std::size_t>(row)];
        NodeTruth alpha = truthOf("alpha", true);
        NodeTruth beta = truthOf("beta", false);
        each.spoil(alpha, beta);
        std::vector<std::string> found;
        for (const auto& list : {contradictionsOf(alpha), contradictionsOf(beta), contradictionsBetween(alpha, beta)})
            for (const model::Contradiction& contradiction : list) {
                found.push_back(contradiction.id);
                QVERIFY(!contradiction.text.empty());
                QVERIFY2(!contradiction.remedy.empty(), contradiction.id.c_str());
            }
        std::string all;
        for (const std::string& id : found)
            all += id + "\n";
        QVERIFY2(found == each.ids, all.c_str());
    }

    void aTruthSurvivesItsJourney() {
        NodeTruth truth = truthOf("beta", true);
        truth.addresses[0].sendsHere = {"10.0.0.1 (02:00:00:00:00:05)"};
        truth.trouble = {"the wire could not be heard"};
        const QJsonObject object = toJson(truth);
        const auto read = truthFromJson(object);
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().text().c_str());
        QCOMPARE(toJson(read.value()), object);
        QVERIFY(read.value().luns[0].snapshot == truth.luns[0].snapshot);
        QJsonObject broken = object;
        broken.remove(QStringLiteral("groups"));
        QVERIFY(!truthFromJson(broken).ok());
    }
};

QTEST_GUILESS_MAIN(ControlTruthTest)
#include "control_truth_test.moc"
