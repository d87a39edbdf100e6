// SPDX-License-Identifier: Apache-2.0
// type = "alias": what a good one becomes, and every way in which one can be wrong.
#include "pair.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::config;

namespace {

// Lines 22 to 29: two addresses.
const std::string addresses = "[[group.resource]]\nname = \"vip\"\ntype = \"address\"\naddress = \"10.77.0.100/24\"\n"
                              "[[group.resource]]\nname = \"vip6\"\ntype = \"address\"\naddress = \"fd77::100/64\"\n";
// Begins at line 30, its own keys at 33.
const std::string head = "[[group.resource]]\nname = \"name\"\ntype = \"alias\"\n";
const std::string dns = "dns = { servers = [\"10.77.0.53\"], key_file = \"/etc/dyad/tsig.key\" }\n";

Loaded load(const std::string& keys) { return loadText(pairLines + groupLines + addresses + head + keys, "dyad.toml"); }

const model::AliasSettings& aliasOf(const Loaded& loaded) {
    return std::get<model::AliasSettings>(loaded.configuration->groups.at(0).resources.at(3).settings);
}

} // namespace

class AliasTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void defaultsAreFilledIn() {
        const Loaded loaded = load("host = \"ERP.example.com.\"\n" + dns);
        QVERIFY2(loaded.configuration.has_value() && loaded.warnings.empty(), allTexts(loaded).c_str());
        const model::AliasSettings& alias = aliasOf(loaded);
        QCOMPARE(alias.host, std::string("erp.example.com"));
        QCOMPARE(alias.addresses, (std::vector<std::string>{"10.77.0.100", "fd77::100"})); // all of the group
        QVERIFY(alias.dns.has_value());
        QCOMPARE(alias.dns->servers, (std::vector<model::DnsServer>{{"10.77.0.53", 53}}));
        QCOMPARE(alias.dns->zone, std::string("example.com"));
        QCOMPARE(alias.dns->keyFile, std::string("/etc/dyad/tsig.key"));
        QVERIFY(alias.dns->ttl == 60s && alias.refresh == 60s);
        QVERIFY(!alias.hosts && alias.mdnsName.empty() && !alias.required);
    }
    void everyKeyArrives() {
        const Loaded loaded =
            load("host = \"erp.office.example.com\"\naddresses = [\"vip6\", \"10.77.0.7\", \"vip6\"]\n"
                 "mdns = true\nhosts = true\nrequired = true\nrefresh_s = 5\n"
                 "dns = { servers = [\"[fd77::53]:5353\", \"10.77.0.53:54\", \"10.77.0.53:54\"], "
                 "zone = \"Example.com\", ttl_s = 5, key_file = \"/etc/k\" }\n");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        const model::AliasSettings& alias = aliasOf(loaded);
        QCOMPARE(alias.addresses, (std::vector<std::string>{"10.77.0.7", "fd77::100"}));
        QCOMPARE(alias.dns->servers, (std::vector<model::DnsServer>{{"fd77::53", 5353}, {"10.77.0.53", 54}}));
        QCOMPARE(alias.dns->zone, std::string("example.com"));
        QVERIFY(alias.dns->ttl == 5s && alias.refresh == 5s);
        QVERIFY(alias.hosts && alias.required);
        QCOMPARE(alias.mdnsName, std::string("erp.local"));
        QVERIFY(alias.netbiosName.empty());
        QCOMPARE(aliasOf(load("host = \"erp.b\"\nnetbios = true\n")).netbiosName, std::string("ERP"));
        QCOMPARE(aliasOf(load("host = \"a.b\"\nnetbios = \"file_Srv\"\n")).netbiosName, std::string("FILE_SRV"));
        QCOMPARE(aliasOf(load("host = \"a.b.local\"\nmdns = true\n")).mdnsName, std::string("a.b.local"));
    }

    void oneProblem_data() {
        QTest::addColumn<std::string>("keys");
        QTest::addColumn<unsigned>("line");
        QTest::addColumn<std::string>("key");
        QTest::addColumn<std::string>("says");
        QTest::addColumn<std::string>("remedy");
        const auto row = [](const char* name, const std::string& keys, unsigned line, const char* key, const char* says,
                            const char* remedy) {
            QTest::newRow(name) << keys << line << std::string(key) << std::string(says) << std::string(remedy);
        };
        const std::string host = "host = \"erp.example.com\"\n";
        row("no host", dns, 30, "host", "\"host\" is missing", "add host =");
        for (const char* bad : {"erp..example", "erp example", "-erp", "erp-.x", ".erp", "erp..", "erp/x", "10.77.0.1"})
            row(bad, "host = \"" + std::string(bad) + "\"\nhosts = true\n", 33, "host", "is not the name of a host",
                "letters, digits");
        row("long label", "host = \"" + std::string(64, 'a') + ".x\"\nhosts = true\n", 33, "host", "is not the name",
            "");
        row("no way", host, 30, "dns", "\"dns\" is missing", "hosts = true and netbios = true");
        row("ways that are none", host + "hosts = false\n", 34, "hosts", "leaves no way", "");
        row("only netbios, and off", host + "netbios = false\n", 34, "netbios", "leaves no way", "");
        row("a long netbios name", host + "netbios = \"A123456789012345\"\n", 34, "netbios", "gives no NetBIOS name",
            "at most 15");
        row("a netbios name with a dot", host + "netbios = \"erp.local\"\n", 34, "netbios", "gives no NetBIOS name",
            "");
        row("netbios without IPv4", host + "netbios = true\naddresses = [\"vip6\"]\n", 30, "netbios",
            "NetBIOS knows IPv4 alone", "IPv4 address");
        row("hosts as a text", host + "hosts = \"yes\"\n" + dns, 34, "hosts", "is a text", "write true or false");
        row("unknown key", host + dns + "ttl = 3\n", 35, "ttl", "unknown key", "");
        row("too often", host + dns + "refresh_s = 0.2\n", 35, "refresh_s", "is too often", "at least 1");
        row("unknown address", host + dns + "addresses = [\"vpi\"]\n", 35, "addresses",
            "\"vpi\" is no address resource of this group", "did you mean \"vip\"?");
        row("a resource of another type", host + dns + "addresses = [\"data\"]\n", 35, "addresses",
            "\"data\" is no address resource", "");
        row("addresses of nobody", host + dns + "addresses = [\"0.0.0.0\"]\n", 35, "addresses",
            "not the address of one host", "");
        row("no addresses", host + dns + "addresses = []\n", 35, "addresses", "is empty", "remove it");
        row("two of a family by multicast", host + "mdns = true\naddresses = [\"vip\", \"10.77.0.7\"]\n", 30,
            "addresses", "one IPv4 and one IPv6 address at most", "one of each");
        const auto dnsRow = [&](const char* name, const std::string& table, const char* key, const char* says,
                                const char* remedy) {
            row(name, host + "dns = { " + table + " }\n", 34, key, says, remedy);
        };
        dnsRow("no servers", "key_file = \"/k\"", "servers", "\"servers\" is missing", "add servers = [");
        dnsRow("empty servers", "servers = [], key_file = \"/k\"", "servers", "has not 1 to 8 entries", "");
        dnsRow("server by name", "servers = [\"ns.example.com\"], key_file = \"/k\"", "servers",
               "\"ns.example.com\" is not the address of a host", "numeric");
        dnsRow("server without address", "servers = [\"0.0.0.0\"], key_file = \"/k\"", "servers",
               "is not the address of a host", "");
        dnsRow("no key", "servers = [\"10.77.0.53\"]", "key_file", "\"key_file\" is missing", "tsig-keygen");
        dnsRow("key relative", "servers = [\"10.77.0.53\"], key_file = \"k\"", "key_file", "is not an absolute path",
               "");
        dnsRow("host outside the zone", "servers = [\"10.77.0.53\"], key_file = \"/k\", zone = \"example.org\"", "zone",
               "does not hold the host \"erp.example.com\"", "the zone that the host is in");
        dnsRow("host beside the zone", "servers = [\"10.77.0.53\"], key_file = \"/k\", zone = \"ample.com\"", "zone",
               "does not hold the host", "");
        dnsRow("no zone", "servers = [\"10.77.0.53\"], key_file = \"/k\", zone = \"a b\"", "zone",
               "is not the name of a zone", "");
        dnsRow("unknown key of dns", "servers = [\"10.77.0.53\"], key_file = \"/k\", key = \"x\"", "key", "unknown key",
               "");
        dnsRow("ttl", "servers = [\"10.77.0.53\"], key_file = \"/k\", ttl_s = -1", "ttl_s", "out of range", "");
        row("a host without a zone", "host = \"erp\"\n" + dns, 34, "zone", "\"zone\" is missing", "says none");
        row("the same host twice",
            host + dns + "[[group.resource]]\nname = \"again\"\ntype = \"alias\"\nhosts = true\n" + host, 39, "host",
            "already belongs to resource \"name\" of group \"erp\"", "a name of its own");
    }
    void oneProblem() {
        QFETCH(std::string, keys);
        QFETCH(unsigned, line);
        QFETCH(std::string, key);
        QFETCH(std::string, says);
        QFETCH(std::string, remedy);
        const Loaded loaded = load(keys);
        QVERIFY2(loaded.problems.size() == 1, allTexts(loaded).c_str());
        const Problem& problem = loaded.problems.front();
        QCOMPARE(problem.line, line);
        QCOMPARE(problem.key, key);
        QVERIFY2(problem.text.find(says) != std::string::npos, problem.text.c_str());
        QVERIFY2(problem.remedy.find(remedy) != std::string::npos, problem.remedy.c_str());
    }
    void aGroupWithoutAddressesNeedsThemWritten() {
        const std::string text = pairLines + groupLines + head + "host = \"erp.example.com\"\nhosts = true\n";
        const Loaded loaded = loadText(text, "dyad.toml");
        QVERIFY2(loaded.problems.size() == 1 && loaded.problems[0].text.find("has no address") != std::string::npos,
                 allTexts(loaded).c_str());
        QVERIFY(loadText(text + "addresses = [\"10.77.0.7\"]\n", "dyad.toml").configuration.has_value());
    }
    // An address that is wrong is told once, where it stands.
    void aWrongAddressIsToldOnce() {
        std::string text = pairLines + groupLines + addresses + head + "host = \"erp.example.com\"\nhosts = true\n";
        text.replace(text.find("10.77.0.100/24"), 14, "10.77.0.300/24");
        const Loaded loaded = loadText(text, "dyad.toml");
        QVERIFY2(loaded.problems.size() == 1 && loaded.problems[0].key == "address", allTexts(loaded).c_str());
    }
};

QTEST_GUILESS_MAIN(AliasTest)
#include "alias_test.moc"
