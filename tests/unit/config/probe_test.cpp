// SPDX-License-Identifier: Apache-2.0
// probe = { ... } and [[group.resource.probe]] on every type of resource, and the probes dns and disk.
#include "pair.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::config;

namespace {

// Keys of the group's filesystem, from line 22 on.
Loaded load(const std::string& keys) { return loadText(pairLines + groupLines + keys, "dyad.toml"); }

std::vector<model::HealthCheck> probesOf(const Loaded& loaded, std::size_t resource = 0) {
    return loaded.configuration ? loaded.configuration->groups.at(0).resources.at(resource).probes
                                : std::vector<model::HealthCheck>();
}

} // namespace

class ProbeTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void oneProbe() {
        const Loaded loaded = load("probe = { disk = \"/srv/erp\" }\n");
        QVERIFY2(loaded.configuration.has_value() && loaded.warnings.empty(), allTexts(loaded).c_str());
        const std::vector<model::HealthCheck> probes = probesOf(loaded);
        QCOMPARE(probes.size(), std::size_t{1});
        const model::HealthCheck expected{model::DiskProbe{"/srv/erp", true, 1s}, 5s, 3s, 3, 0, "probe1"};
        QVERIFY(probes[0] == expected);
    }

    void severalWithEveryKey() {
        const Loaded loaded =
            load("[[group.resource.probe]]\nname = \"names\"\ndns = \"[fd77::53]:5353\"\nhost = \"ERP.example.com.\"\n"
                 "type = \"AAAA\"\naddress = \"fd77::100\"\ninterval_ms = 500\ntimeout_ms = 400\nfailures = 3\nof = 5\n"
                 "[[group.resource.probe]]\ndns = \"10.77.0.53\"\nhost = \"gone.example.com\"\nanswer = \"NXDOMAIN\"\n"
                 "[[group.resource.probe]]\ndns = \"10.77.0.53\"\nhost = \"x.example.com\"\nanswer = \"any\"\n"
                 "[[group.resource.probe]]\ndisk = \"/srv/erp/PG_VERSION\"\naccess = \"read\"\nlimit_ms = 250\n");
        QVERIFY2(loaded.configuration.has_value() && loaded.warnings.empty(), allTexts(loaded).c_str());
        const std::vector<model::HealthCheck> probes = probesOf(loaded);
        QCOMPARE(probes.size(), std::size_t{4});
        const model::HealthCheck names{
            model::DnsProbe{"fd77::53", 5353, "erp.example.com", true, std::uint8_t{0}, "fd77::100"},
            500ms,
            400ms,
            3,
            5,
            "names"};
        QVERIFY(probes[0] == names);
        QVERIFY(std::get<model::DnsProbe>(probes[1].probe).code == std::uint8_t{3});
        QCOMPARE(probes[1].name, std::string("probe2"));
        QVERIFY(!std::get<model::DnsProbe>(probes[2].probe).code);
        QVERIFY(std::get<model::DiskProbe>(probes[3].probe) == (model::DiskProbe{"/srv/erp/PG_VERSION", false, 250ms}));
    }

    void everyTypeTakesThem_data() {
        QTest::addColumn<std::string>("keys");
        const auto row = [](const char* name, const std::string& keys) { QTest::newRow(name) << keys; };
        row("process", "type = \"process\"\ncommand = [\"/usr/bin/sleep\", \"9\"]\n");
        row("command", "type = \"command\"\nstart = [\"/bin/true\"]\nstop = [\"/bin/true\"]\n");
        row("ocf", "type = \"ocf:heartbeat:Dummy\"\n");
        row("postgresql", "type = \"postgresql\"\ndata = \"/srv/erp/pg\"\n");
        row("address", "type = \"address\"\naddress = \"10.77.0.101/24\"\n");
        row("alias", "type = \"alias\"\nhost = \"erp.example.com\"\nhosts = true\n");
        row("pool", "type = \"pool\"\nlisten = \"10.77.0.100:80\"\n"
                    "server = [{ name = \"a\", address = \"10.77.0.11:80\" }]\n");
    }
    void everyTypeTakesThem() {
        QFETCH(std::string, keys);
        const Loaded loaded =
            load("[[group.resource]]\nname = \"ip\"\ntype = \"address\"\naddress = \"10.77.0.100/24\"\n"
                 "[[group.resource]]\nname = \"it\"\n" +
                 keys + "probe = { ping = \"10.77.0.254\" }\n");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        QCOMPARE(probesOf(loaded, 2).size(), std::size_t{1});
    }

    void healthTakesOf() {
        const Loaded loaded = load("[[group.resource]]\nname = \"app\"\ntype = \"process\"\n"
                                   "command = [\"/usr/bin/sleep\", \"9\"]\n"
                                   "health = { tcp = \"127.0.0.1:80\", failures = 2, of = 6 }\n");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        const auto& app = std::get<model::ProcessSettings>(loaded.configuration->groups[0].resources[1].settings);
        QCOMPARE(app.health->of, 6U);
    }

    void oneProblem_data() {
        QTest::addColumn<std::string>("keys");
        QTest::addColumn<std::string>("key");
        QTest::addColumn<std::string>("says");
        const auto row = [](const char* name, const std::string& keys, const char* key, const char* says) {
            QTest::newRow(name) << "[[group.resource.probe]]\n" + keys << std::string(key) << std::string(says);
        };
        const std::string dns = "dns = \"10.77.0.53\"\nhost = \"erp.example.com\"\n";
        row("nothing", "interval_ms = 5000\n", "probe", "says nothing to try");
        row("two", "disk = \"/srv/erp\"\nping = \"10.77.0.1\"\n", "disk", "second probe");
        row("unknown", "disk = \"/srv/erp\"\nlimit = 5\n", "limit", "unknown key");
        row("the agent's own name", "name = \"health\"\ndisk = \"/srv/erp\"\n", "name", "another probe");
        row("used twice", "name = \"a\"\ndisk = \"/srv/erp\"\n[[group.resource.probe]]\nname = \"a\"\n" + dns, "name",
            "another probe");
        row("of", "disk = \"/srv/erp\"\nfailures = 4\nof = 3\n", "of", "less than failures = 4");
        row("too long", "disk = \"/srv/erp\"\ninterval_ms = 100\ntimeout_ms = 200\n", "timeout_ms", "longer than");
        row("dns name", "dns = \"ns.example.com\"\nhost = \"a.b\"\n", "dns", "not the address of a DNS server");
        row("dns without host", "dns = \"10.77.0.53\"\n", "host", "");
        row("dns bad host", "dns = \"10.77.0.53\"\nhost = \"a b\"\n", "host", "not the name of a host");
        row("dns type", dns + "type = \"MX\"\n", "type", "not one of");
        row("dns answer", dns + "answer = \"MAYBE\"\n", "answer", "not one of");
        row("dns family", dns + "address = \"fd77::1\"\n", "address", "type = \"A\"");
        row("dns address of nothing", dns + "answer = \"NXDOMAIN\"\naddress = \"10.77.0.1\"\n", "address",
            "says nothing with this answer");
        row("host alone", "disk = \"/srv/erp\"\nhost = \"a.b\"\n", "host", "without dns");
        row("limit alone", dns + "limit_ms = 5\n", "limit_ms", "without disk");
        row("limit", "disk = \"/srv/erp\"\nlimit_ms = 0\n", "limit_ms", "");
        row("disk path", "disk = \"srv/erp\"\n", "disk", "not an absolute path");
    }
    void oneProblem() {
        QFETCH(std::string, keys);
        QFETCH(std::string, key);
        QFETCH(std::string, says);
        const Loaded loaded = load(keys);
        QVERIFY(!loaded.configuration.has_value());
        QVERIFY2(loaded.problems.size() == 1, allTexts(loaded).c_str());
        const Problem& problem = loaded.problems.front();
        QCOMPARE(problem.key, key);
        QVERIFY2(problem.text.find(says) != std::string::npos, problem.text.c_str());
        QVERIFY(problem.line >= 22 && !problem.remedy.empty());
    }

    void manyProbesAreTooMany() {
        std::string keys;
        for (std::size_t i = 0; i <= model::maxProbes; ++i)
            keys += "[[group.resource.probe]]\ndisk = \"/srv/erp\"\n";
        const Loaded loaded = load(keys);
        QVERIFY2(loaded.problems.size() == 1 && loaded.problems[0].text.find("17 probe blocks") != std::string::npos,
                 allTexts(loaded).c_str());
    }
};

QTEST_APPLESS_MAIN(ProbeTest)
#include "probe_test.moc"
