// SPDX-License-Identifier: Apache-2.0
#include "heart/settings.h"

#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace dyad;
using namespace dyad::heart;

namespace {

Settings example() {
    return {
        7,
        model::NodeId::Second,
        model::BootDigest(0xfedcba9876543210),
        "/etc/dyad/cluster.key",
        20ms,
        60ms,
        100ms,
        {{"private", "10.77.1.2", "10.77.1.1", 7400, 7400}, {"public", "fe80::2%eth1", "fe80::1%eth1", 7400, 7401}}};
}

} // namespace

class SettingsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void whatIsWrittenIsRead() {
        QTemporaryDir directory;
        const std::string path = directory.filePath("heart.settings").toStdString();
        QVERIFY(saveSettings(path, example()).ok());
        struct stat status {};
        QCOMPARE(::stat(path.c_str(), &status), 0);
        QCOMPARE(status.st_mode & 07777u, 0600u);
        const auto loaded = loadSettings(path);
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().text().c_str());
        QVERIFY(loaded.value() == example());
        QCOMPARE(digestOf(loaded.value()), digestOf(example()));
        Settings other = example();
        other.links[0].ownPort = 1;
        QVERIFY(digestOf(other) != digestOf(example()));
    }

    void mistakesAreNamedWithTheirLine_data() {
        QTest::addColumn<QString>("line");
        QTest::addColumn<QString>("named");
        QTest::newRow("no equals") << "cluster 5"
                                   << "h.settings:11";
        QTest::newRow("unknown key") << "colour = red"
                                     << "`colour`";
        QTest::newRow("cluster 0") << "cluster = 0"
                                   << "1..65535";
        QTest::newRow("cluster too big") << "cluster = 65536"
                                         << "1..65535";
        QTest::newRow("node") << "node = 3"
                              << "`3`";
        QTest::newRow("boot") << "boot = xyz"
                              << "hexadecimal";
        QTest::newRow("key") << "key_file = cluster.key"
                             << "absolute";
        QTest::newRow("times") << "suspect_ms = 10"
                               << "suspect_ms < lost_ms";
        QTest::newRow("negative time") << "lost_ms = -5"
                                       << "1..60000";
        QTest::newRow("link short") << "link = a 1.1.1.1 2.2.2.2"
                                    << "OWN_ADDRESS";
        QTest::newRow("link long") << "link = a 1.1.1.1 2.2.2.2 1 2 3"
                                   << "OWN_ADDRESS";
        QTest::newRow("port") << "link = a 1.1.1.1 2.2.2.2 70000"
                              << "1..65535";
    }
    void mistakesAreNamedWithTheirLine() {
        QFETCH(QString, line);
        QFETCH(QString, named);
        const auto parsed = parseSettings("h.settings", toText(example()) + line.toStdString() + "\n");
        QVERIFY(!parsed.ok());
        QVERIFY2(parsed.error().text().find(named.toStdString()) != std::string::npos, parsed.error().text().c_str());
    }

    void serialLinesAndMulticastAreKept() {
        Settings settings = example();
        settings.links[0].group = "239.77.1.1";
        settings.links[0].ttl = 3;
        LinkSettings line;
        line.name = "serial";
        line.ownAddress = "/dev/ttyS0";
        line.serialRate = 57600;
        settings.links.push_back(line);
        const auto parsed = parseSettings("f", toText(settings));
        QVERIFY2(parsed.ok(), parsed.ok() ? "" : parsed.error().text().c_str());
        QVERIFY(parsed.value() == settings);
        QVERIFY(digestOf(settings) != digestOf(example()));
        for (const char* bad :
             {"serial = s ttyS0 9600", "serial = s /dev/ttyS0 9601", "serial = s /dev/ttyS0", "multicast = private 239.1.1.1",
              "multicast = private 239.1.1.1 1", "multicast = public 239.1.1.1 0", "multicast = public 239.1.1.1 256"})
            QVERIFY2(!parseSettings("f", toText(example()) + bad + "\n").ok(), bad);
        QVERIFY(parseSettings("f", toText(example()) + "multicast = public 239.1.1.1 1\n").ok());
    }

    void nothingMayBeMissing() {
        const QString text = QString::fromStdString(toText(example()));
        for (const char* key :
             {"cluster", "node", "boot", "key_file", "heartbeat_ms", "suspect_ms", "lost_ms", "link"}) {
            QStringList lines = text.split('\n');
            lines.removeIf([&](const QString& line) { return line.startsWith(key); });
            QVERIFY2(!parseSettings("f", lines.join('\n').toStdString()).ok(), key);
        }
    }

    void tooManyLinksAndTooLongAFileAreRefused() {
        std::string text = toText(example());
        for (int i = 0; i < 7; ++i)
            text += "link = x 1.1.1.1 2.2.2.2 7400\n";
        QVERIFY(!parseSettings("f", text).ok());
        QVERIFY(!parseSettings("f", std::string(maxSettingsBytes + 1, '\n')).ok());
    }

    void theyComeFromTheConfiguration() {
        model::Configuration configuration;
        configuration.clusterId = 7;
        configuration.heartbeatPort = 7400;
        model::LinkSetup link;
        link.name = "private";
        link.ends[0].address = "10.0.0.1";
        link.ends[1].address = "10.0.0.2";
        configuration.links.push_back(link);
        const Settings settings =
            settingsOf(configuration, model::NodeId::Second, model::BootDigest(5), "/k", 1ms, 2ms, 3ms);
        QCOMPARE(settings.links.size(), std::size_t{1});
        QCOMPARE(settings.links[0].ownAddress, std::string("10.0.0.2"));
        QCOMPARE(settings.links[0].peerAddress, std::string("10.0.0.1"));
        QVERIFY(parseSettings("f", toText(settings)).value() == settings);
    }
};

QTEST_GUILESS_MAIN(SettingsTest)
#include "settings_test.moc"
