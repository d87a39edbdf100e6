// SPDX-License-Identifier: Apache-2.0
// People are told: a mail server, a webhook receiver and snmptrapd in the client's network, and a script on each host,
// hear of real alarms of a real pair, of their end, and not of every blink between.
#include "lab/namespaces.h"
#include "lab/paths.h"
#include "mail_sink.h"
#include "pair_fixture.h"
#include "webhook_sink.h"

#include <QFile>
#include <QJsonArray>
#include <QProcess>
#include <QTemporaryDir>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>

using namespace dyad;
using namespace dyad::lab;

namespace {

constexpr int guardMs = 90'000;
constexpr const char* clientAddress = "10.77.0.50";
constexpr std::uint16_t mailPort = 2525;
constexpr std::uint16_t webPort = 8080;
constexpr std::uint16_t trapPort = 1162;

constexpr const char* channels =
    "[[notify]]\nname = \"admins\"\ntype = \"mail\"\nserver = \"smtp://10.77.0.50:2525\"\nencryption = \"none\"\n"
    "from = \"dyad@example.com\"\nto = [\"admin@example.com\"]\n"
    "[[notify]]\nname = \"chat\"\ntype = \"webhook\"\nurl = \"http://10.77.0.50:8080/hooks/dyad\"\n"
    "secret_file = \"/etc/dyad/webhook.secret\"\n"
    "[[notify]]\nname = \"manager\"\ntype = \"snmp\"\nreceiver = \"10.77.0.50:1162\"\n"
    "community_file = \"/etc/dyad/snmp.community\"\n"
    "[[notify]]\nname = \"lamp\"\ntype = \"script\"\ncommand = [\"/etc/dyad/lamp\"]\n";

// Listens in the client's network; the socket lives on in this process.
bool listenAtClient(QTcpServer& server, std::uint16_t port) {
    int descriptor = -1;
    const auto entered = insideNetwork("client", [&] {
        descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int on = 1;
        ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(descriptor, 16) != 0) {
            ::close(descriptor);
            descriptor = -1;
        }
    });
    return entered && descriptor >= 0 && server.setSocketDescriptor(descriptor);
}

// While a command runs, the servers have to answer.
template <typename Work>
auto meanwhile(Work work) {
    auto future = std::async(std::launch::async, std::move(work));
    if (!QTest::qWaitFor([&] { return future.wait_for(0s) == std::future_status::ready; }, 2 * guardMs))
        qFatal("the command does not end");
    return future.get();
}

} // namespace

class AlarmsTest : public QObject {
    Q_OBJECT

    PairFixture m_pair;
    QTemporaryDir m_folder;
    test::MailSink m_mail;
    test::WebhookSink m_web;
    QProcess m_trapd;
    QByteArray m_traps;

    // How many messages of this kind came from this node.
    [[nodiscard]] std::size_t mails(const QByteArray& subject) const {
        return static_cast<std::size_t>(std::count_if(m_mail.mails.begin(), m_mail.mails.end(), [&](const auto& each) {
            return each.message.contains("Subject: " + subject + "\r\n");
        }));
    }
    [[nodiscard]] std::size_t calls(const QByteArray& event, const QByteArray& alarm, const char* node) const {
        return static_cast<std::size_t>(std::count_if(m_web.calls.begin(), m_web.calls.end(), [&](const auto& each) {
            const QJsonObject object = QJsonDocument::fromJson(each.body).object();
            return object["event"] == QString(event) && object["alarm"] == QString(alarm) && object["node"] == node;
        }));
    }
    [[nodiscard]] bool trapped(const QByteArray& notification, const QByteArray& alarm, const QByteArray& node) {
        m_traps += m_trapd.readAll();
        for (const QByteArray& each : m_traps.split('\n'))
            if (each.contains("7410.0." + notification) && each.contains(alarm) && each.contains(node)) return true;
        return false;
    }
    [[nodiscard]] static QByteArray lampOn(const char* host) {
        QFile file(QString::fromStdString(hostFolder(host)) + "/etc/dyad/lamp.log");
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

private Q_SLOTS:
    void initTestCase() {
        if (geteuid() != 0) QSKIP("needs root");
        VERIFY_WELL(m_pair.bring({.profile = "standard", .ledger = false}));
        for (const char* host : hostNames) {
            const std::string folder = hostFolder(host) + "/etc/dyad/";
            std::ofstream(folder + "webhook.secret") << "shared\n";
            std::ofstream(folder + "snmp.community") << "team\n";
            std::ofstream(folder + "lamp") << "#!/bin/sh\ncat \"$1\" >>/etc/dyad/lamp.log\n";
            VERIFY_WELL(runInHost(
                host, {"sh", "-c", "cd /etc/dyad && chmod 600 webhook.secret snmp.community && chmod 755 lamp"}));
        }
        QVERIFY(listenAtClient(m_mail, mailPort) && listenAtClient(m_web, webPort));
        QFile configuration(m_folder.filePath("snmptrapd.conf"));
        QVERIFY(configuration.open(QIODevice::WriteOnly));
        configuration.write("authCommunity log team\n");
        configuration.close();
        m_trapd.setProcessChannelMode(QProcess::MergedChannels);
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        environment.insert("SNMP_PERSISTENT_DIR", m_folder.path());
        environment.insert("MIBS", "");
        m_trapd.setProcessEnvironment(environment);
        m_trapd.start("nsenter",
                      {"--net=" + QString::fromStdString(networkPath("client")), "snmptrapd", "-f", "-Lo", "-C", "-c",
                       configuration.fileName(), "-On", QStringLiteral("udp:%1:%2").arg(clientAddress).arg(trapPort)});
        QTRY_VERIFY2_WITH_TIMEOUT((m_traps += m_trapd.readAll()).contains("NET-SNMP version"), m_traps, guardMs);
        const Told applied = applyConfiguration(configurationOn("alpha") + channels);
        QVERIFY2(applied.status == 0, applied.text.constData());
    }
    void cleanupTestCase() {
        m_trapd.terminate();
        m_trapd.waitForFinished(guardMs);
        VERIFY_WELL(m_pair.end());
    }
    void cleanup() {
        if (!QTest::currentTestFailed()) return;
        PairFixture::tell();
        qWarning("%d mails, %d calls, traps: %s", static_cast<int>(m_mail.mails.size()),
                 static_cast<int>(m_web.calls.size()), m_traps.constData());
    }

    void everyChannelIsTried() {
        const Told dry = ask("alpha", {"alarms", "test", "--dry-run"});
        QVERIFY2(dry.status == 0 && dry.says("would send a test from beta by lamp"), dry.text.constData());
        const Told told = meanwhile([] { return askJson("alpha", {"alarms", "test"}); });
        QVERIFY2(told.status == 0, told.text.constData());
        const QJsonArray trials = told.json()["channels"].toArray();
        QCOMPARE(trials.size(), 8);
        for (const QJsonValue& each : trials)
            QVERIFY2(each.toObject()["delivered"].toBool(), told.text.constData());
        for (const char* node : hostNames) {
            QCOMPARE(calls("raised", "test", node), 1U);
            QCOMPARE(mails("[erp-pair/" + QByteArray(node) + "] INFORMATION: test"), 1U);
            QTRY_VERIFY_WITH_TIMEOUT(trapped("1", "\"test\"", node), guardMs);
            QVERIFY(lampOn(node).contains("\"alarm\":\"test\""));
        }
    }

    void everyChannelTellsRaiseAndClear() {
        const Instant pulled = monotonicNow();
        VERIFY_WELL(pullCable("beta", privateLink));
        for (const char* node : hostNames) {
            const QByteArray name(node);
            QTRY_COMPARE_WITH_TIMEOUT(mails("[erp-pair/" + name + "] WARNING: link.lost:private"), 1U, guardMs);
            QTRY_COMPARE_WITH_TIMEOUT(calls("raised", "link.lost:private", node), 1U, guardMs);
            QTRY_VERIFY_WITH_TIMEOUT(trapped("1", "link.lost:private", name), guardMs);
            QTRY_VERIFY_WITH_TIMEOUT(lampOn(node).contains("\"event\":\"raised\""), guardMs);
        }
        VERIFY_WELL(healNetwork());
        for (const char* node : hostNames) {
            const QByteArray name(node);
            QVERIFY(waitForLine(node, pulled, "alarm_cleared", deadlockGuard).has_value());
            QTRY_COMPARE_WITH_TIMEOUT(mails("[erp-pair/" + name + "] over: link.lost:private"), 1U, guardMs);
            QTRY_COMPARE_WITH_TIMEOUT(calls("cleared", "link.lost:private", node), 1U, guardMs);
            QTRY_VERIFY_WITH_TIMEOUT(trapped("2", "link.lost:private", name), guardMs);
            QTRY_VERIFY_WITH_TIMEOUT(lampOn(node).contains("\"event\":\"cleared\",\"node\""), guardMs);
        }
    }

    // The history has every change; people hear of a few. (A whole day of it: damper_test, in virtual time.)
    void aFlappingLinkIsToldSeldomAndKeptTruly() {
        constexpr int blinks = 6;
        const std::size_t before = m_mail.mails.size();
        for (int i = 0; i < blinks; ++i) {
            const Instant since = monotonicNow();
            VERIFY_WELL(pullCable("beta", publicLink));
            QVERIFY(waitForLine("alpha", since, "alarm_raised", deadlockGuard).has_value());
            VERIFY_WELL(healNetwork());
            QVERIFY(waitForLine("alpha", since, "alarm_cleared", deadlockGuard).has_value());
        }
        const auto raised = [&](const char* node) {
            int count = 0;
            for (const JournalLine& line : readJournal(node, Instant()))
                if (line.kind == "alarm_raised" && line.text.starts_with("link.lost:public")) ++count;
            return count;
        };
        QCOMPARE(raised("alpha"), blinks);
        QVERIFY(mails("[erp-pair/alpha] WARNING: link.lost:public") +
                    mails("[erp-pair/alpha] over: link.lost:public") <=
                2U);
        QVERIFY(m_mail.mails.size() - before <= 6);
    }

    // A receiver that is away: nothing else waits for it, and it gets what it missed.
    void whatCouldNotBeToldWaits() {
        m_mail.close();
        const Told tried = meanwhile([] { return askJson("beta", {"alarms", "test"}); });
        QCOMPARE(tried.status, 1);
        for (const QJsonValue& each : tried.json()["channels"].toArray()) {
            const QJsonObject trial = each.toObject();
            QCOMPARE(trial["delivered"].toBool(), trial["name"].toString() != "admins");
        }
        VERIFY_WELL(powerOff("beta"));
        QTRY_COMPARE_WITH_TIMEOUT(calls("raised", "peer.lost", "alpha"), 1U, guardMs);
        const auto waiting = [] {
            const Told told = askJson("alpha", {"alarms", "channels"});
            for (const QJsonValue& each : told.json()["channels"].toArray())
                if (each.toObject()["name"].toString() == "admins") return each.toObject();
            return QJsonObject();
        };
        QTRY_VERIFY_WITH_TIMEOUT(waiting()["waiting"].toInt() > 0 && !waiting()["trouble"].toString().isEmpty(),
                                 guardMs);
        // The service restarts; what waits is on disk.
        const Instant killed = monotonicNow();
        for (const pid_t each : findInHost("alpha", "dyadd"))
            kill(each, SIGKILL);
        QVERIFY(waitForLine("alpha", killed, "service_started", deadlockGuard).has_value());
        QVERIFY(listenAtClient(m_mail, mailPort));
        QTRY_COMPARE_WITH_TIMEOUT(mails("[erp-pair/alpha] CRITICAL: peer.lost"), 1U, guardMs);
        VERIFY_WELL(powerOn("beta"));
        QTRY_COMPARE_WITH_TIMEOUT(mails("[erp-pair/alpha] over: peer.lost"), 1U, guardMs);
        VERIFY_WELL(m_pair.recover());
        VERIFY_WELL(m_pair.rowsHold());
    }
};

QTEST_GUILESS_MAIN(AlarmsTest)
#include "alarms_test.moc"
