// SPDX-License-Identifier: Apache-2.0
#include "alarms/outbox.h"

#include "alarms/channel_command.h"

#include <QtTest>

using namespace dyad;
using namespace dyad::alarms;

namespace {

Notice numbered(int number) {
    return {.raised = number % 2 == 0,
            .alarm = "alarm:" + std::to_string(number),
            .severity = model::Severity::Critical,
            .text = "Grüße \"in\" Anführungszeichen\nund zwei Zeilen",
            .remedy = "pull the plug",
            .wallClockMs = 1'700'000'000'000 + number,
            .changes = 3,
            .cluster = "erp-pair",
            .node = "alpha"};
}

} // namespace

class OutboxTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }
    void aNoticeIsTheSameBehindItsFile();
    void whatWaitsOutlivesTheService();
    void thereIsABound();
    void whatIsTooOldIsDropped();
    void rubbishInTheFolderIsRemoved();
    void aFullDiskIsSaid();
    void noSecretIsAmongTheWords();

private:
    [[nodiscard]] std::string folder() const { return m_folder->filePath("box").toStdString(); }
    std::unique_ptr<QTemporaryDir> m_folder;
};

void OutboxTest::aNoticeIsTheSameBehindItsFile() {
    Outbox outbox(folder());
    QVERIFY(outbox.put(numbered(1)));
    const Result<Notice> read = readNotice(outbox.frontFile());
    QVERIFY(read);
    QCOMPARE(read.value(), numbered(1));
    QCOMPARE(QFileInfo(QString::fromStdString(folder())).permissions() & (QFile::ReadOther | QFile::ReadGroup),
             QFile::Permissions());
    QVERIFY(!noticeFromJson("{}"));
    QVERIFY(!noticeFromJson("rubbish"));
    QVERIFY(!noticeFromJson(toJson(numbered(1)).replace("critical", "urgent")));
}

void OutboxTest::whatWaitsOutlivesTheService() {
    {
        Outbox outbox(folder());
        for (int i = 1; i <= 3; ++i)
            QVERIFY(outbox.put(numbered(i)));
        outbox.dropFront();
    }
    Outbox again(folder());
    QCOMPARE(again.size(), 2U);
    QCOMPARE(readNotice(again.frontFile()).value(), numbered(2));
    QVERIFY(again.put(numbered(4)));
    again.dropFront();
    QCOMPARE(readNotice(again.frontFile()).value(), numbered(3));
    again.dropFront();
    QCOMPARE(readNotice(again.frontFile()).value(), numbered(4));
    again.dropFront();
    QCOMPARE(again.size(), 0U);
    QVERIFY(again.front() == nullptr);
    QVERIFY(QDir(QString::fromStdString(folder())).isEmpty());
}

void OutboxTest::thereIsABound() {
    Outbox outbox(folder());
    for (std::size_t i = 0; i < maxWaiting + 2; ++i)
        QVERIFY(outbox.put(numbered(static_cast<int>(i))));
    QCOMPARE(outbox.size(), maxWaiting);
    QCOMPARE(outbox.pushedOut(), 2U);
    QCOMPARE(readNotice(outbox.frontFile()).value(), numbered(2));
    QCOMPARE(QDir(QString::fromStdString(folder())).count(), static_cast<uint>(maxWaiting) + 2); // "." and ".."
}

void OutboxTest::whatIsTooOldIsDropped() {
    Outbox outbox(folder());
    QVERIFY(outbox.put(numbered(0)));
    QVERIFY(outbox.put(numbered(5)));
    QCOMPARE(outbox.dropOld(numbered(0).wallClockMs + longestWaitMs), 0U);
    QCOMPARE(outbox.dropOld(numbered(0).wallClockMs + longestWaitMs + 1), 1U);
    QCOMPARE(readNotice(outbox.frontFile()).value(), numbered(5));
}

void OutboxTest::rubbishInTheFolderIsRemoved() {
    {
        Outbox outbox(folder());
        QVERIFY(outbox.put(numbered(1)));
    }
    for (const char* name : {"000000000002.json", "x.json", "1.json"}) {
        QFile file(QString::fromStdString(folder()) + "/" + name);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write(QByteArray(name) == "1.json" ? toJson(numbered(9)) : QByteArray("{\"alarm\":"));
    }
    Outbox again(folder());
    QCOMPARE(again.size(), 1U);
    QCOMPARE(QDir(QString::fromStdString(folder())).entryList(QDir::Files).size(), 1);
}

void OutboxTest::aFullDiskIsSaid() {
    Outbox outbox(folder());
    QVERIFY(QDir(QString::fromStdString(folder())).removeRecursively());
    const Result<void> kept = outbox.put(numbered(1));
    QVERIFY(!kept);
    QVERIFY(kept.error().text().find(folder()) != std::string::npos);
    QCOMPARE(outbox.size(), 0U);
}

void OutboxTest::noSecretIsAmongTheWords() {
    model::NotifySetup setup{.name = "admins",
                             .way = model::MailChannel{.server = "smtps://mail.example:465",
                                                       .from = "dyad@example.com",
                                                       .to = {"a@example.com", "b@example.com"},
                                                       .user = "dyad",
                                                       .passwordFile = "/etc/dyad/mail.password"}};
    using Words = std::vector<std::string>;
    QCOMPARE(commandOf(setup, "/n.json", "/bin/dyad-notify").words,
             (Words{"/bin/dyad-notify", "mail", "--server", "smtps://mail.example:465", "--from", "dyad@example.com",
                    "--to", "a@example.com", "--to", "b@example.com", "--user", "dyad", "--password-file",
                    "/etc/dyad/mail.password", "/n.json"}));
    QCOMPARE(describe(setup), std::string("mail to a@example.com, b@example.com by smtps://mail.example:465"));
    setup.way = model::ScriptChannel{{"/usr/local/bin/lamp", "--red"}};
    QCOMPARE(commandOf(setup, "/n.json", "/bin/dyad-notify").words, (Words{"/usr/local/bin/lamp", "--red", "/n.json"}));
    setup.way = model::SnmpChannel{.receiver = "10.77.0.9:162", .communityFile = "/c", .acknowledged = false};
    QCOMPARE(commandOf(setup, "/n.json", "/bin/dyad-notify").words,
             (Words{"/bin/dyad-notify", "snmp", "--receiver", "10.77.0.9:162", "--community-file", "/c", "--trap",
                    "/n.json"}));
    QCOMPARE(std::string(typeOf(setup)), std::string("snmp"));
}

QTEST_APPLESS_MAIN(OutboxTest)
#include "outbox_test.moc"
