// SPDX-License-Identifier: Apache-2.0
// dyad-notify as it is installed, against a mail server and a webhook receiver of the test's own, and against
// snmptrapd.
#include "alarms/notice.h"
#include "certificate.h"
#include "mail_sink.h"
#include "webhook_sink.h"

#include <QMessageAuthenticationCode>
#include <QUdpSocket>
#include <QtTest>

#include <algorithm>

using namespace dyad;
using namespace dyad::alarms;

namespace {

constexpr int guardMs = 60'000;

Notice sample() {
    return {.raised = true,
            .alarm = "link.lost:public",
            .severity = model::Severity::Critical,
            .text = "the link public has been silent — \"für\" 3 s",
            .remedy = "look at cable and switch",
            .wallClockMs = 1'700'000'000'000,
            .changes = 4,
            .cluster = "erp-pair",
            .node = "alpha"};
}

// Of the standard modules, which Debian doesn't carry, what the parser has to find.
constexpr const char* standardModules =
    "SNMPv2-SMI DEFINITIONS ::= BEGIN\norg OBJECT IDENTIFIER ::= { iso 3 }\ndod OBJECT IDENTIFIER ::= { org 6 }\n"
    "internet OBJECT IDENTIFIER ::= { dod 1 }\nprivate OBJECT IDENTIFIER ::= { internet 4 }\n"
    "enterprises OBJECT IDENTIFIER ::= { private 1 }\nEND\n"
    "SNMPv2-CONF DEFINITIONS ::= BEGIN\nEND\n"
    "SNMP-FRAMEWORK-MIB DEFINITIONS ::= BEGIN\nSnmpAdminString ::= TEXTUAL-CONVENTION DISPLAY-HINT \"255t\" STATUS "
    "current "
    "DESCRIPTION \"text\" SYNTAX OCTET STRING (SIZE (0..255))\nEND\n";

struct Ended {
    int code = -1;
    QByteArray said;
};

} // namespace

class NotifyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase() { QVERIFY(m_certificate.made()); }
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        write("notice.json", toJson(sample()));
        m_mail = std::make_unique<test::MailSink>();
        m_mail->setCertificate(m_certificate.path("certificate.pem"), m_certificate.path("key.pem"));
        QVERIFY(m_mail->listen(QHostAddress::LocalHost));
        m_web = std::make_unique<test::WebhookSink>();
        QVERIFY(m_web->listen(QHostAddress::LocalHost));
    }
    void aMailIsAMessage();
    void mailIsEncryptedUnlessToldOtherwise();
    void aStrangersCertificateGetsNothing();
    void theMailServerSaysNo();
    void theMailServerIsSilent();
    void aHeaderCantBeBrokenOutOf();
    void aWebhookIsSigned();
    void aWebhookThatRefuses();
    void aSecretThatOthersMayRead();
    void snmpTrapdUnderstands_data();
    void snmpTrapdUnderstands();
    void nobodyConfirmsAnInform();
    void badInput();

private:
    void write(const char* name, const QByteArray& bytes, bool secret = true) const {
        QFile file(m_folder->filePath(QString::fromLatin1(name)));
        if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate)) qFatal("the test's folder can't be written");
        file.write(bytes);
        file.close();
        file.setPermissions(secret ? QFile::ReadOwner | QFile::WriteOwner : QFile::ReadOwner | QFile::ReadOther);
    }
    [[nodiscard]] QString path(const char* name) const { return m_folder->filePath(QString::fromLatin1(name)); }

    // The event loop runs meanwhile: the servers are in it.
    Ended run(QStringList words) const {
        words << path("notice.json");
        QProcess program;
        program.setProcessChannelMode(QProcess::MergedChannels);
        program.start(QStringLiteral(DYAD_NOTIFY), words);
        if (!QTest::qWaitFor([&] { return program.state() == QProcess::NotRunning; }, guardMs)) {
            program.kill();
            program.waitForFinished();
            return {-2, "it does not end"};
        }
        return {program.exitStatus() == QProcess::NormalExit ? program.exitCode() : -1, program.readAll()};
    }
    Ended mail(const QString& scheme, QStringList more = {}) const {
        return run(QStringList{"mail", "--server",
                               QStringLiteral("%1://127.0.0.1:%2").arg(scheme).arg(m_mail->serverPort()), "--from",
                               "dyad@example.com", "--to", "a@example.com", "--to", "b@example.com"} +
                   more);
    }
    Ended webhook(QStringList more = {}) const {
        return run(
            QStringList{"webhook", "--url", QStringLiteral("http://127.0.0.1:%1/hook").arg(m_web->serverPort())} +
            more);
    }

    test::Certificate m_certificate;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<test::MailSink> m_mail;
    std::unique_ptr<test::WebhookSink> m_web;
};

void NotifyTest::aMailIsAMessage() {
    const Ended ended = mail("smtp", {"--plain"});
    QVERIFY2(ended.code == 0, ended.said);
    QCOMPARE(m_mail->mails.size(), 1U);
    const test::ReceivedMail& mail = m_mail->mails.front();
    QVERIFY(mail.from.contains("<dyad@example.com>"));
    QCOMPARE(mail.to.size(), 2U);
    const qsizetype headEnd = mail.message.indexOf("\r\n\r\n");
    QVERIFY(headEnd > 0);
    const QByteArray head = mail.message.left(headEnd);
    QVERIFY2(head.contains("Subject: [erp-pair/alpha] CRITICAL: link.lost:public\r\n"), head);
    QVERIFY2(head.contains("To: a@example.com,\r\n b@example.com\r\n"), head);
    QVERIFY2(head.contains("\r\nMessage-ID: <") && head.contains("\r\nReferences: <") && head.contains("\r\nDate: "),
             head);
    const QByteArray text = QByteArray::fromBase64(mail.message.mid(headEnd + 4));
    QCOMPARE(text, QByteArray::fromStdString(bodyOf(sample())));
    for (const QByteArray& line : mail.message.split('\n'))
        QVERIFY2(line.size() <= 200, line);
}

void NotifyTest::mailIsEncryptedUnlessToldOtherwise() {
    write("password", "geheim\n");
    const QStringList login{"--user",         "dyad",        "--password-file",
                            path("password"), "--authority", m_certificate.path("certificate.pem")};
    // A server without STARTTLS gets neither password nor mail.
    const Ended clear = mail("smtp", login);
    QCOMPARE(clear.code, 1);
    QVERIFY(m_mail->mails.empty());

    m_mail->offersTls = true;
    const Ended upgraded = mail("smtp", login);
    QVERIFY2(upgraded.code == 0, upgraded.said);
    m_mail->tlsAtOnce = true;
    const Ended direct = mail("smtps", login);
    QVERIFY2(direct.code == 0, direct.said);
    QCOMPARE(m_mail->mails.size(), 2U);
    for (const test::ReceivedMail& each : m_mail->mails) {
        QVERIFY(each.encrypted);
        QCOMPARE(each.login, QByteArray("\0dyad\0geheim", 12));
    }
}

void NotifyTest::aStrangersCertificateGetsNothing() {
    m_mail->tlsAtOnce = true;
    const Ended ended = mail("smtps"); // the host doesn't trust the test's certificate
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.toLower().contains("certificate"), ended.said);
    QVERIFY(m_mail->mails.empty());
}

void NotifyTest::theMailServerSaysNo() {
    m_mail->refusesRecipients = true;
    const Ended ended = mail("smtp", {"--plain"});
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.contains("550"), ended.said);
    QVERIFY(m_mail->mails.empty());
}

void NotifyTest::theMailServerIsSilent() {
    m_mail->silent = true;
    const Ended ended = mail("smtp", {"--plain"}); // has its own bound; the courier kills it a little later
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.contains("timed out") || ended.said.contains("Timeout"), ended.said);
}

void NotifyTest::aHeaderCantBeBrokenOutOf() {
    Notice notice = sample();
    notice.alarm = "x\r\nBcc: everybody@example.com";
    write("notice.json", toJson(notice));
    const Ended ended = mail("smtp", {"--plain"});
    QVERIFY2(ended.code == 0, ended.said);
    QVERIFY(!m_mail->mails.front().message.contains("\nBcc:"));
}

void NotifyTest::aWebhookIsSigned() {
    write("secret", "shared\n");
    const Ended ended = webhook({"--secret-file", path("secret")});
    QVERIFY2(ended.code == 0, ended.said);
    QCOMPARE(m_web->calls.size(), 1U);
    const test::WebhookSink::Call& call = m_web->calls.front();
    QVERIFY(call.head.startsWith("POST /hook HTTP/1.1"));
    QCOMPARE(call.header("Content-Type"), QByteArray("application/json"));
    QCOMPARE(noticeFromJson(call.body).value(), sample());
    QCOMPARE(call.header("X-Dyad-Signature"),
             "sha256=" + QMessageAuthenticationCode::hash(call.body, "shared", QCryptographicHash::Sha256).toHex());
    // Without a secret nothing claims to be signed.
    QCOMPARE(webhook().code, 0);
    QVERIFY(m_web->calls.back().header("X-Dyad-Signature").isEmpty());
}

void NotifyTest::aWebhookThatRefuses() {
    for (const char* answer : {"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
                               "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"}) {
        m_web->answer = answer;
        const Ended ended = webhook();
        QCOMPARE(ended.code, 1);
        QVERIFY2(ended.said.contains(QByteArray(answer).mid(9, 3)), ended.said);
    }
    m_web->answer = "rubbish\r\n";
    QCOMPARE(webhook().code, 1);
    m_web->close();
    QCOMPARE(webhook().code, 1);
}

void NotifyTest::aSecretThatOthersMayRead() {
    write("secret", "shared\n", false);
    const Ended ended = webhook({"--secret-file", path("secret")});
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.contains("chmod 0600"), ended.said);
    QVERIFY(m_web->calls.empty());
    QCOMPARE(webhook({"--secret-file", path("absent")}).code, 1);
    write("secret", "\n");
    QCOMPARE(webhook({"--secret-file", path("secret")}).code, 1);
}

void NotifyTest::snmpTrapdUnderstands_data() {
    QTest::addColumn<QStringList>("way");
    QTest::newRow("v2c inform") << QStringList{"--community-file", "community"};
    QTest::newRow("v2c trap") << QStringList{"--community-file", "community", "--trap"};
    QTest::newRow("v3 authenticated") << QStringList{"--user", "watch", "--authentication-file", "authentication"};
    QTest::newRow("v3 encrypted") << QStringList{"--user",         "watch",          "--authentication-file",
                                                 "authentication", "--privacy-file", "privacy"};
}

void NotifyTest::snmpTrapdUnderstands() {
    QFETCH(QStringList, way);
    write("community", "team\n");
    write("authentication", "authentic8\n");
    write("privacy", "private-8\n");
    write("snmptrapd.conf",
          "authCommunity log team\ncreateUser watch SHA-256 authentic8 AES private-8\nauthUser log watch "
          "auth\n");
    for (QString& word : way)
        if (QFile::exists(m_folder->filePath(word))) word = m_folder->filePath(word);
    QUdpSocket reserved;
    QVERIFY(reserved.bind(QHostAddress::LocalHost));
    const QString receiver = QStringLiteral("127.0.0.1:%1").arg(reserved.localPort());
    reserved.close();

    QProcess daemon;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("SNMP_PERSISTENT_DIR", m_folder->path());
    write("STANDARD.txt", standardModules);
    environment.insert("MIBS", "DYAD-MIB");
    environment.insert("MIBDIRS", m_folder->path() + ":" DYAD_RESOURCES);
    daemon.setProcessEnvironment(environment);
    daemon.setProcessChannelMode(QProcess::MergedChannels);
    daemon.start("snmptrapd", {"-f", "-Lo", "-C", "-c", path("snmptrapd.conf"), "-OQ", "udp:" + receiver});
    QVERIFY2(daemon.waitForStarted(), "snmptrapd is there");
    QByteArray said;
    const auto saw = [&](const char* words) {
        return QTest::qWaitFor(
            [&] {
                said += daemon.readAll();
                return said.contains(words) || daemon.state() == QProcess::NotRunning;
            },
            guardMs);
    };
    QVERIFY2(saw("NET-SNMP version") && daemon.state() == QProcess::Running, said);

    const Ended ended = run(QStringList{"snmp", "--receiver", receiver} + way);
    const bool seen = ended.code == 0 && saw("dyadAlarmText");
    Notice over = sample();
    over.raised = false;
    write("notice.json", toJson(over));
    const Ended second = run(QStringList{"snmp", "--receiver", receiver} + way);
    const bool seenAgain = second.code == 0 && saw("dyadAlarmCleared");
    // By another secret nothing is taken.
    write("community", "others\n");
    write("authentication", "somebody-else\n");
    const qsizetype before = said.count("dyadAlarmText");
    const Ended stranger =
        way.contains("--trap") ? Ended{1, ""} : run(QStringList{"snmp", "--receiver", receiver} + way);
    daemon.terminate();
    QVERIFY(daemon.waitForFinished(guardMs));
    said += daemon.readAll();
    QVERIFY2(ended.code == 0, ended.said);
    QVERIFY2(seen, said);
    QVERIFY2(second.code == 0 && seenAgain, said + second.said);
    QCOMPARE(stranger.code, 1);
    QCOMPARE(said.count("dyadAlarmText"), before);
    for (const char* words : {"DYAD-MIB::dyadAlarmRaised", "dyadAlarmId.0 = link.lost:public",
                              "dyadAlarmSeverity.0 = critical", "dyadNode.0 = alpha", "dyadCluster.0 = erp-pair",
                              "dyadAlarmChanges.0 = 4", "dyadAlarmTime.0 = 2023-11-14T22:13:20.000Z"})
        QVERIFY2(said.contains(words), said);
}

void NotifyTest::nobodyConfirmsAnInform() {
    write("community", "team\n");
    QUdpSocket mute; // takes it and says nothing
    QVERIFY(mute.bind(QHostAddress::LocalHost));
    const Ended ended = run({"snmp", "--receiver", QStringLiteral("127.0.0.1:%1").arg(mute.localPort()),
                             "--community-file", path("community")});
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.contains("nobody has confirmed it"), ended.said);
    QVERIFY(mute.hasPendingDatagrams());
}

void NotifyTest::badInput() {
    QVERIFY(run({"pigeon"}).code > 1);
    QVERIFY(run({"mail"}).code > 1);
    write("notice.json", "rubbish");
    QCOMPARE(webhook().code, 1);
    QFile::remove(path("notice.json"));
    const Ended ended = webhook();
    QCOMPARE(ended.code, 1);
    QVERIFY2(ended.said.contains("notice.json"), ended.said);
    QVERIFY(m_web->calls.empty());
}

QTEST_GUILESS_MAIN(NotifyTest)
#include "notify_test.moc"
