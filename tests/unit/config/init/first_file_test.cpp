// SPDX-License-Identifier: Apache-2.0
// The first dyad.toml: proposals from what a host has, addresses that can't be, a text that loads.
#include "config/init/first_file.h"
#include "config/load.h"

#include <QTest>

using namespace dyad;
using namespace dyad::config;

namespace {

InterfaceAddress at(const char* interface, const char* address, unsigned prefix) {
    return {interface, *parseAddress(address), prefix, true, true, std::string(interface) == "lo"};
}

std::vector<InterfaceAddress> host() {
    return {at("lo", "127.0.0.1", 8), at("eth0", "10.77.0.1", 24), at("eth1", "10.77.1.1", 24), at("eth2", "10.77.2.1", 24)};
}

} // namespace

class FirstFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void linksAreProposed() {
        const std::vector<FirstLink> links = proposeLinks(host(), "10.77.0.254");
        QCOMPARE(links.size(), std::size_t(3));
        QCOMPARE(links[0].name, std::string("private"));
        QCOMPARE(links[0].own, std::string("10.77.1.1"));
        QCOMPARE(links[0].peer, std::string("10.77.1.2"));
        QCOMPARE(links[1].name, std::string("private2"));
        QCOMPARE(links[2].name, std::string("public")); // the one that leads to the gateway
        QCOMPARE(links[2].own, std::string("10.77.0.1"));
    }

    void neighboursAreHosts() {
        QCOMPARE(neighbourOf(at("e", "10.0.0.1", 24)), std::string("10.0.0.2"));
        QCOMPARE(neighbourOf(at("e", "10.0.0.2", 24)), std::string("10.0.0.1"));
        QCOMPARE(neighbourOf(at("e", "10.0.0.6", 30)), std::string("10.0.0.5"));
        QCOMPARE(neighbourOf(at("e", "10.0.0.253", 24)), std::string("10.0.0.254"));
    }

    void aFloatingAddressMustLieInASubnet() {
        QCOMPARE(floatingAddressOn(host(), "10.77.0.100").value(), std::string("10.77.0.100/24"));
        QCOMPARE(floatingAddressOn(host(), "10.77.0.100/24").value(), std::string("10.77.0.100/24"));
        const auto elsewhere = floatingAddressOn(host(), "192.168.1.5/24");
        QVERIFY(!elsewhere);
        QVERIFY(elsewhere.error().text().find("in no subnet of this host") != std::string::npos);
        QVERIFY(elsewhere.error().remedy.find("eth0 (10.77.0.1/24)") != std::string::npos);
        QVERIFY(!floatingAddressOn(host(), "10.77.0.100/16")); // another prefix than the interface's
        QVERIFY(!floatingAddressOn(host(), "10.77.0.1"));      // the host's own
        QVERIFY(!floatingAddressOn(host(), "nonsense"));
    }

    void theGatewayIsRead() {
        QCOMPARE(defaultGateway("Iface\tDestination\tGateway\tFlags\neth0\t00000000\tFE004D0A\t0003\n"),
                 std::string("10.77.0.254"));
        QCOMPARE(defaultGateway("Iface\tDestination\tGateway\neth0\t00004D0A\t00000000\n"), std::string());
        QCOMPARE(defaultGateway(""), std::string());
    }

    void whatIsWrittenLoads() {
        FirstFile file;
        file.cluster = "pair";
        file.own = "alpha";
        file.peer = "beta";
        file.links = proposeLinks(host(), "10.77.0.254");
        file.gateways = {"10.77.0.254"};
        file.group = "erp";
        file.lunUrl = "iscsi://10.77.2.9:3260/iqn.2026-11.example:array/1";
        file.mount = "/srv/erp";
        file.postgresqlData = "/srv/erp/db";
        file.command = {"/usr/bin/app", "with \"quotes\" and \\"};
        file.address = "10.77.0.100/24";
        const Loaded loaded = loadText(firstText(file), "dyad.toml");
        QVERIFY2(loaded.configuration.has_value(),
                 loaded.problems.empty() ? "" : config::toText(loaded.problems.front()).c_str());
        QCOMPARE(loaded.configuration->groups.front().resources.size(), std::size_t(4));
        QCOMPARE(loaded.configuration->links.size(), std::size_t(3));
        const auto* program =
            std::get_if<model::ProcessSettings>(&loaded.configuration->groups.front().resources[2].settings);
        QVERIFY(program && program->command == file.command);
    }
};

QTEST_GUILESS_MAIN(FirstFileTest)
#include "first_file_test.moc"
