// SPDX-License-Identifier: Apache-2.0
// Addresses, endpoints, iSCSI urls and near words.
#include "config/addresses.h"
#include "config/iscsi_url.h"
#include "config/problems.h"

#include <QtTest>

using namespace dyad::config;

class WordsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void addresses_data();
    void addresses();
    void endpoints_data();
    void endpoints();
    void iscsiUrls();
    void nearWords();
    void hostPart();
};

void WordsTest::addresses_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("canonical"); // empty: not an address
    const auto row = [](const char* text, const char* canonical) {
        QTest::newRow(text) << std::string(text) << std::string(canonical);
    };
    row("10.77.0.1", "10.77.0.1");
    row("fd00:0:0::1", "fd00::1");
    row("FE80::1%eth1", "fe80::1%eth1");
    row("::ffff:10.0.0.1", "::ffff:10.0.0.1");
    row("10.77.0", "");
    row("10.77.0.256", "");
    row("010.77.0.1", "");
    row("10.77.0.1%eth0", "");
    row("fd00::1%eth0", "");
    row("fe80::1%", "");
    row("fe80::1%a/b", "");
    row("fe80::1%sixteencharacter", "");
    row("::1::", "");
    row("host", "");
    row(" 10.77.0.1", "");
    row("", "");
}

void WordsTest::addresses() {
    QFETCH(std::string, text);
    QFETCH(std::string, canonical);
    const auto address = parseAddress(text);
    QCOMPARE(address.has_value(), !canonical.empty());
    if (address) QCOMPARE(address->text, canonical);
}

void WordsTest::endpoints_data() {
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("canonical");
    const auto row = [](const char* text, const char* canonical) {
        QTest::newRow(text) << std::string(text) << std::string(canonical);
    };
    row("10.0.0.1:80", "10.0.0.1:80");
    row("10.0.0.1", "10.0.0.1:3260");
    row("[fd00::9]:1", "[fd00::9]:1");
    row("[fd00::9]", "[fd00::9]:3260");
    row("fd00::9", "");
    row("[10.0.0.1]:80", "");
    row("[fd00::9", "");
    row("[fd00::9]x", "");
    row("10.0.0.1:0", "");
    row("10.0.0.1:65536", "");
    row("10.0.0.1:", "");
    row("10.0.0.1:+1", "");
    row(":80", "");
}

void WordsTest::endpoints() {
    QFETCH(std::string, text);
    QFETCH(std::string, canonical);
    const auto endpoint = parseEndpoint(text, 3260);
    QCOMPARE(endpoint.has_value(), !canonical.empty());
    if (endpoint) QCOMPARE(endpoint->text(), canonical);
}

void WordsTest::iscsiUrls() {
    const auto url = parseIscsiUrl("iscsi://[fd00::9]/eui.02004567a425678d/16383");
    QVERIFY(url.ok());
    QCOMPARE(url.value().portal, std::string("[fd00::9]:3260"));
    QCOMPARE(url.value().target, std::string("eui.02004567a425678d"));
    QCOMPARE(url.value().lun, std::uint16_t(16383));
    for (const char* bad : {"", "iscsi://", "iscsi:///iqn.x:y/1", "iscsi://1.2.3.4", "iscsi://1.2.3.4/",
                            "iscsi://1.2.3.4/iqn.x:y/", "iscsi://1.2.3.4/iqn.x:y/-1", "iscsi://1.2.3.4/iqn.x:y/16384",
                            "iscsi://@1.2.3.4/iqn.x:y/1", "iscsi://1.2.3.4/iqn.x/y/1", "iscsi://1.2.3.4//1"}) {
        const auto refused = parseIscsiUrl(bad);
        QVERIFY2(!refused.ok(), bad);
        QVERIFY(!refused.error().cameBack.empty() && !refused.error().remedy.empty());
    }
}

void WordsTest::nearWords() {
    QCOMPARE(editDistance("prefer", "prefr"), std::size_t(1));
    QCOMPARE(editDistance("fsat", "fast"), std::size_t(1)); // neighbours swapped
    QCOMPARE(editDistance("", "abc"), std::size_t(3));
    QCOMPARE(suggestion("nmae", {"name", "type"}), std::string("did you mean \"name\"?"));
    QCOMPARE(suggestion("zzzz", {"name", "type"}), std::string("use one of \"name\" or \"type\""));
    QCOMPARE(suggestion("x", {}), std::string("remove it"));
    QCOMPARE(inQuotes(std::string(1000, 'a')).size(), std::size_t(125));
}

void WordsTest::hostPart() {
    QVERIFY(parseAddress("10.0.0.0")->hostPartIsAll(false, 24));
    QVERIFY(parseAddress("10.0.0.255")->hostPartIsAll(true, 24));
    QVERIFY(!parseAddress("10.0.0.255")->hostPartIsAll(true, 16));
    QVERIFY(!parseAddress("10.0.1.0")->hostPartIsAll(false, 16));
    QVERIFY(parseAddress("224.0.0.1")->isMulticast() && parseAddress("ff02::1")->isMulticast());
    QVERIFY(parseAddress("255.255.255.255")->isBroadcast() && !parseAddress("10.0.0.255")->isBroadcast());
}

QTEST_APPLESS_MAIN(WordsTest)
#include "words_test.moc"
