// SPDX-License-Identifier: Apache-2.0
// Probes beside resources that have none of their own, on a real pair: what they say is shown, and one that fails is
// the resource's failure, by which it is restarted and then the group moves.
#include "lab/paths.h"
#include "pair_fixture.h"

#include <QJsonArray>

#include <fstream>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr const char* nodFile = "/etc/probe.nod"; // as long as it is there, the probe of the address is well

// Of both, the probes stand behind the last key of the resource as the lab writes it.
std::string withProbes(std::string text) {
    const auto behind = [&text](const std::string& name, const std::string& keys) {
        std::size_t at = text.find("\"" + name + "\"");
        at = text.find("\n[[", at);
        text.insert(at == std::string::npos ? text.size() : at + 1, keys);
    };
    behind("data", "probe = { name = \"latency\", disk = \"/srv/erp\", limit_ms = 60000, interval_ms = 200, "
                   "timeout_ms = 200, failures = 100 }\n");
    behind("ip", std::string("probe = { name = \"nod\", script = [\"/usr/bin/test\", \"-e\", \"") + nodFile +
                     "\"], interval_ms = 500, timeout_ms = 500, failures = 2, of = 3 }\n");
    return text;
}

void setNod(const std::string& host, bool given) {
    const std::string file = hostFolder(host) + nodFile;
    if (given)
        std::ofstream(file, std::ios::trunc) << "yes\n";
    else
        ::unlink(file.c_str());
}

// The first probe of a resource as `dyad status --json` shows it.
QJsonObject probeOf(const char* host, const char* resource) {
    for (const QJsonValue& group : askJson(host, {"status"}).json()["groups"].toArray()) {
        if (group.toObject()["name"].toString() != groupName) continue;
        for (const QJsonValue& each : group.toObject()["resources"].toArray())
            if (each.toObject()["name"].toString() == resource)
                return each.toObject()["checks"].toObject()["probes"].toArray().at(0).toObject();
    }
    return {};
}

qint64 wellOf(const char* host, const char* resource) {
    return probeOf(host, resource)["counts"].toObject()["well"].toInteger();
}

} // namespace

class ProbesTest : public QObject {
    Q_OBJECT
    PairFixture m_pair;

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* host : hostNames)
            setNod(host, true);
        const Told applied = applyConfiguration(withProbes(configurationOn("alpha")));
        QVERIFY2(applied.status == 0, applied.text.constData());
    }
    void cleanupTestCase() { VERIFY_WELL(m_pair.end()); }
    void init() {
        for (const char* host : hostNames)
            setNod(host, true);
        VERIFY_WELL(m_pair.recover());
    }
    void cleanup() {
        if (QTest::currentTestFailed()) PairFixture::tell();
    }

    void whatTheySayIsShown() {
        QVERIFY(eventually([] { return wellOf("alpha", "data") > 10 && wellOf("alpha", "ip") > 5; }));
        const QJsonObject disk = probeOf("alpha", "data");
        QCOMPARE(disk["name"].toString(), QStringLiteral("latency"));
        QCOMPARE(disk["what"].toString(), QStringLiteral("disk write /srv/erp"));
        QVERIFY(disk["asked"].toBool() && disk["mean_ns"].toInteger() > 0 && !disk["last"].toArray().isEmpty());
        QVERIFY(!probeOf("beta", "data")["asked"].toBool()); // only where the resource runs
        const Told metrics = ask("alpha", {"metrics"});
        QVERIFY(metrics.says(
            "dyad_probe_results_total{group=\"erp\",resource=\"data\",probe=\"latency\",result=\"well\"}"));
        QVERIFY(metrics.says("dyad_probe_duration_seconds_count{group=\"erp\",resource=\"ip\",probe=\"nod\"}"));
        QVERIFY(ask("alpha", {"status"}).says("probe latency"));
    }

    // Nothing of the probe keeps the filesystem from being unmounted.
    void theFilesystemGoesDespiteItsProbe() {
        QVERIFY(eventually([] { return wellOf("alpha", "data") > 5; }));
        const Instant ordered = monotonicNow();
        const Told told = ask("alpha", {"switchover", groupName, "--yes"});
        QVERIFY2(told.status == 0, told.text.constData());
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(eventually([] { return wellOf("beta", "data") > 5; }));
        QVERIFY(!findLine("alpha", ordered, "resource_failed", groupName).has_value());
        VERIFY_WELL(m_pair.rowsHold());
    }

    void aFailingProbeIsTheResourcesFailure() {
        QVERIFY(eventually([] { return wellOf("alpha", "ip") > 3; }));
        const Instant taken = monotonicNow();
        setNod("alpha", false);
        const auto failed = waitForLine("alpha", taken, "resource_failed", deadlockGuard, groupName);
        QVERIFY(failed.has_value());
        // Restarted twice, then the group moves to where it is well.
        QVERIFY(waitForOwner("beta", deadlockGuard));
        QVERIFY(eventually([] { return wellOf("beta", "ip") > 3; }));
        VERIFY_WELL(m_pair.rowsHold());
        setNod("alpha", true);
        QVERIFY(eventually([] { return ask("alpha", {"clear-failure", groupName}).status == 0; }));
    }
};

QTEST_GUILESS_MAIN(ProbesTest)
#include "probes_test.moc"
