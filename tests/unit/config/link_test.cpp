// SPDX-License-Identifier: Apache-2.0
// Links beyond two addresses: serial lines, multicast, preference; and what an address can bring with it.
#include "config/link_section.h"
#include "engine/timeouts.h"
#include "model/link_order.h"
#include "model/serial_line.h"
#include "pair.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::config;

namespace {

std::string changed(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    return at == std::string::npos ? "" : text.replace(at, from.size(), to);
}

// With serial lines on both nodes, and whatever is to stand before the groups.
std::string withSerial(const std::string& more = "", const std::string& alpha = "/dev/ttyS0",
                       const std::string& beta = "/dev/ttyS1") {
    const std::string lines =
        changed(changed(pairLines, "\"10.77.0.1\" }", "\"10.77.0.1\", serial = \"" + alpha + "\" }"), "\"10.77.0.2\" }",
                "\"10.77.0.2\", serial = \"" + beta + "\" }");
    return lines + more + groupLines;
}

std::string withAddress(const std::string& keys) {
    return pairLines + groupLines +
           "[[group.resource]]\nname = \"vip\"\ntype = \"address\"\naddress = \"10.77.0.100/24\"\n" + keys;
}

const model::AddressSettings& addressOf(const Loaded& loaded) {
    return std::get<model::AddressSettings>(loaded.configuration->groups[0].resources[1].settings);
}

} // namespace

class LinkTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void theHeartbeatIsTheEngines() {
        for (const model::Profile profile : {model::Profile::Fast, model::Profile::Standard, model::Profile::Relaxed})
            QVERIFY(heartbeatOf(profile) == engine::timeoutsOf(profile).heartbeat);
    }

    void aSerialLineIsADevice() {
        const Loaded loaded = loadText(withSerial(), "dyad.toml");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        const model::LinkSetup& line = loaded.configuration->links.at(2);
        QCOMPARE(line.name, std::string("serial"));
        QCOMPARE(line.ends[0].address, std::string("/dev/ttyS0"));
        QCOMPARE(line.ends[1].address, std::string("/dev/ttyS1"));
        QCOMPARE(line.serialRate, model::usualSerialRate);
        QVERIFY(!loaded.configuration->links[0].isSerial());
        // The same name of a device on both hosts is the usual case.
        QVERIFY(loadText(withSerial("", "/dev/ttyS0", "/dev/ttyS0"), "f").configuration.has_value());
    }

    void optionsArrive() {
        const Loaded loaded =
            loadText(withSerial("[[link]]\nname = \"public\"\npriority = 1\nmulticast = \"239.77.0.1\"\nttl = 4\n"
                                "[[link]]\nname = \"serial\"\nrate = 57600\npriority = 1\n"),
                     "dyad.toml");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        const auto& links = loaded.configuration->links;
        QVERIFY(links[1].multicast == (model::LinkMulticast{"239.77.0.1", 4}));
        QVERIFY(!links[0].multicast);
        QCOMPARE(links[2].serialRate, 57600u);
        // Control traffic never goes over a serial line, whatever its priority.
        QVERIFY(model::linksByPreference(links) == (std::vector<std::size_t>{1, 0, 2}));
    }

    void linksGoAsWrittenWhereNoneIsPreferred() {
        const Loaded loaded = loadText(withSerial(), "dyad.toml");
        QVERIFY(model::linksByPreference(loaded.configuration->links) == (std::vector<std::size_t>{0, 1, 2}));
    }

    void mistakes_data() {
        QTest::addColumn<std::string>("text");
        QTest::addColumn<std::string>("says");
        const auto row = [](const char* name, const std::string& text, const char* says) {
            QVERIFY2(!text.empty(), name);
            QTest::newRow(name) << text << std::string(says);
        };
        const auto link = [&](const char* name, const char* keys, const char* says) {
            row(name, withSerial(std::string("[[link]]\n") + keys), says);
        };
        row("a file that is no device", withSerial("", "/tmp/line"), "neither an address nor a device");
        row("a crooked path", withSerial("", "/dev/../ttyS0"), "serial");
        row("a device on one side", withSerial("", "/dev/ttyS0", "10.77.3.2"), "is a serial line on one node");
        row("nothing but a serial line",
            changed(changed(pairLines, "{ private = \"10.77.1.1\", public = \"10.77.0.1\" }", "{ s = \"/dev/ttyS0\" }"),
                    "{ private = \"10.77.1.2\", public = \"10.77.0.2\" }", "{ s = \"/dev/ttyS0\" }") +
                groupLines,
            "no link but serial lines");
        link("unknown link", "name = \"privat\"\n", "did you mean \"private\"?");
        link("twice", "name = \"serial\"\n[[link]]\nname = \"serial\"\n", "has a [[link]] block already");
        link("unknown key", "name = \"serial\"\nbaud = 9600\n", "unknown key \"baud\"");
        link("priority", "name = \"private\"\npriority = 0\n", "out of range");
        link("rate of an address", "name = \"private\"\nrate = 9600\n", "is for a serial line alone");
        link("no such rate", "name = \"serial\"\nrate = 100000\n", "is no rate of a serial line");
        link("multicast on a line", "name = \"serial\"\nmulticast = \"239.1.1.1\"\n", "is not for a serial line");
        link("no group", "name = \"private\"\nmulticast = \"10.77.1.9\"\n", "is no multicast group");
        link("reserved group", "name = \"private\"\nmulticast = \"224.0.0.18\"\n", "is reserved");
        link("family", "name = \"private\"\nmulticast = \"ff02::77\"\n", "not of the family");
        link("ttl", "name = \"private\"\nmulticast = \"239.1.1.1\"\nttl = 33\n", "out of range");
        link("ttl alone", "name = \"private\"\nttl = 2\n", "stands without multicast");
        link("a line too slow", "name = \"serial\"\nrate = 9600\n", "one goes out every 100 ms");

        const auto address = [&](const char* name, const char* keys, const char* says) {
            row(name, withAddress(keys), says);
        };
        address("no route", "routes = [{ to = \"192.0.2.0\" }]\n", "is no network with its prefix");
        address("host in the route", "routes = [{ to = \"192.0.2.1/24\" }]\n", "is not a network");
        address("family of the route", "routes = [{ to = \"2001:db8::/32\" }]\n", "not of the family");
        address("router by name", "routes = [{ to = \"default\", via = \"router\" }]\n", "not the address of a router");
        address("router is the address", "routes = [{ to = \"default\", via = \"10.77.0.100\" }]\n",
                "is the floating address itself");
        address("default without router", "routes = [{ to = \"default\" }]\n", "a default route needs its router");
        address("key of a route", "routes = [{ to = \"192.0.2.0/24\", gateway = \"10.77.0.254\" }]\n", "unknown key");
        address("kernel asks for IPv4", "duplicate_check = \"kernel\"\n", "is for IPv6 alone");
    }
    void mistakes() {
        QFETCH(std::string, text);
        QFETCH(std::string, says);
        const Loaded loaded = loadText(text, "dyad.toml");
        QVERIFY(!loaded.configuration.has_value());
        QVERIFY2(allTexts(loaded).find(says) != std::string::npos, allTexts(loaded).c_str());
        for (const Problem& problem : loaded.problems)
            QVERIFY2(problem.line > 0 && !problem.remedy.empty(), allTexts(loaded).c_str());
    }

    void anAddressBringsRoutes() {
        const Loaded loaded = loadText(
            withAddress(
                "duplicate_check = \"none\"\nwatch_carrier = false\n"
                "routes = [{ to = \"192.0.2.0/24\", via = \"10.77.0.254\", metric = 50, table = 100, source = true },\n"
                "          { to = \"default\", via = \"10.77.0.253\" }, { to = \"198.51.100.0/24\" }]\n"),
            "dyad.toml");
        QVERIFY2(loaded.configuration.has_value(), allTexts(loaded).c_str());
        const model::AddressSettings& settings = addressOf(loaded);
        QVERIFY(settings.duplicateCheck == model::AddressSettings::DuplicateCheck::None);
        QVERIFY(!settings.watchCarrier);
        QVERIFY(settings.routes == (std::vector<model::AddressRoute>{{"192.0.2.0", 24, "10.77.0.254", 50, 100, true},
                                                                     {"0.0.0.0", 0, "10.77.0.253", 0, 254, false},
                                                                     {"198.51.100.0", 24, "", 0, 254, false}}));
        const Loaded plain = loadText(withAddress(""), "dyad.toml");
        QVERIFY(addressOf(plain).routes.empty() && addressOf(plain).watchCarrier);
    }
};

QTEST_APPLESS_MAIN(LinkTest)
#include "link_test.moc"
