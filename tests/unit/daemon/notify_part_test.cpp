// SPDX-License-Identifier: Apache-2.0
// From the board to a script and back: queued, tried again, alarmed, restarted. dyad-notify has tests of its own.
#include "daemon/notify/notify_part.h"
#include "fake_ports.h"
#include "platform/linux/monotonic_clock.h"

#include <QtTest>

#include <fcntl.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::daemon;
using model::Severity;

namespace {

constexpr int guardMs = 60'000;

struct RealClock final : ports::Clock {
    [[nodiscard]] Instant now() const override { return platform::monotonicNow(); }
    [[nodiscard]] std::int64_t wallClockMs() const override { return platform::wallClockMs(); }
};

model::AlarmView alarm(const std::string& id, Severity severity = Severity::Critical) {
    return {.id = id, .severity = severity, .text = "it has failed", .remedy = "look at it"};
}

} // namespace

class NotifyPartTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void raiseAndClearReachEachChannel();
    void aChannelHearsOfWhatIsSevereEnough();
    void whatCantBeToldWaitsAndIsToldLater();
    void aFailingChannelIsAnAlarmForTheOthers();
    void badPrograms_data();
    void badPrograms();
    void aRestartForgetsNothingAndRepeatsNothing();
    void aTestGoesBesideTheQueue();
    void oneTestAtATime();
    void withoutChannelsNothingIsWritten();

private:
    // A script that appends the notices that it is given to a file of its own, unless the file "NAME.down" is there.
    model::NotifySetup appending(const char* name, Severity least = Severity::Warning) const;
    model::NotifySetup script(const char* name, const QByteArray& text) const;
    [[nodiscard]] std::vector<alarms::Notice> heard(const char* name) const;
    void begin(std::vector<model::NotifySetup> channels);
    [[nodiscard]] bool says(const char* words) const;
    [[nodiscard]] QString path(const QString& name) const { return m_folder->filePath(name); }

    std::unique_ptr<QTemporaryDir> m_folder;
    int m_nowhere = -1;
    RealClock m_clock;
    fakes::FakeJournal m_journal;
    std::unique_ptr<alarms::SystemLog> m_log;
    std::unique_ptr<alarms::AlarmBoard> m_board;
    Options m_options;
    model::Configuration m_configuration;
    std::unique_ptr<NotifyPart> m_part;
};

void NotifyPartTest::init() {
    m_folder = std::make_unique<QTemporaryDir>();
    m_nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    m_log = std::make_unique<alarms::SystemLog>(m_nowhere, false);
    m_journal.entries.clear();
    m_options.stateDirectory = path("state").toStdString();
    m_options.programDirectory = "/nowhere";
    m_configuration.clusterName = "erp-pair";
    m_configuration.nodes[0].name = "alpha";
}

void NotifyPartTest::cleanup() {
    m_part.reset();
    m_board.reset();
    ::close(m_nowhere);
}

model::NotifySetup NotifyPartTest::script(const char* name, const QByteArray& text) const {
    QFile file(path(QString::fromLatin1(name) + ".sh"));
    if (!file.open(QIODevice::WriteOnly)) qFatal("the test's folder can't be written");
    file.write("#!/bin/sh\ncd " + m_folder->path().toUtf8() + "\n" + text + "\n");
    file.setPermissions(QFile::ReadOwner | QFile::ExeOwner);
    return {.name = name, .way = model::ScriptChannel{{file.fileName().toStdString(), name}}};
}

model::NotifySetup NotifyPartTest::appending(const char* name, Severity least) const {
    model::NotifySetup setup =
        script(name, "[ ! -e $1.down ] || { echo the line is dead; exit 1; }\ncat \"$2\" >>$1.heard");
    setup.least = least;
    return setup;
}

std::vector<alarms::Notice> NotifyPartTest::heard(const char* name) const {
    std::vector<alarms::Notice> notices;
    QFile file(path(QString::fromLatin1(name) + ".heard"));
    if (!file.open(QIODevice::ReadOnly)) return notices;
    while (!file.atEnd()) {
        const QByteArray line = file.readLine();
        if (!line.endsWith('\n')) break; // still being written
        notices.push_back(alarms::noticeFromJson(line).value());
    }
    return notices;
}

void NotifyPartTest::begin(std::vector<model::NotifySetup> channels) {
    m_part.reset();
    m_board = std::make_unique<alarms::AlarmBoard>(m_journal, m_clock, *m_log);
    m_configuration.notify = std::move(channels);
    m_part = std::make_unique<NotifyPart>(NotifyPart::Setup{
        m_options, m_configuration, model::NodeId::First, *m_board, m_journal, m_clock,
        CourierPace{.patience = 1s, .firstRetry = 50ms, .longestRetry = 200ms, .failingTellsAfter = 150ms}});
}

bool NotifyPartTest::says(const char* words) const {
    return std::any_of(m_journal.entries.begin(), m_journal.entries.end(),
                       [&](const model::JournalEntry& each) { return each.text.find(words) != std::string::npos; });
}

void NotifyPartTest::raiseAndClearReachEachChannel() {
    begin({appending("one"), appending("two")});
    m_board->raise(alarm("group.failed:erp"));
    QTRY_COMPARE_WITH_TIMEOUT(heard("one").size(), 1U, guardMs);
    QTRY_COMPARE_WITH_TIMEOUT(heard("two").size(), 1U, guardMs);
    m_board->clear("group.failed:erp"); // held for a moment, for it might come back
    QTRY_COMPARE_WITH_TIMEOUT(heard("one").size(), 2U, guardMs);
    QTRY_COMPARE_WITH_TIMEOUT(heard("two").size(), 2U, guardMs);
    const auto notices = heard("one");
    QVERIFY(notices[0].raised && !notices[1].raised);
    QCOMPARE(notices[0].cluster + "/" + notices[0].node + " " + notices[0].alarm,
             std::string("erp-pair/alpha group.failed:erp"));
    QCOMPARE(notices[0].remedy, std::string("look at it"));
    QTRY_VERIFY_WITH_TIMEOUT(says("channel one was told: [erp-pair/alpha] CRITICAL: group.failed:erp"), guardMs);
    QTRY_COMPARE_WITH_TIMEOUT(m_part->channels().front().waiting, 0U, guardMs);
    QVERIFY(m_part->channels().front().deliveredWallClockMs > 0);
}

void NotifyPartTest::aChannelHearsOfWhatIsSevereEnough() {
    begin({appending("all", Severity::Information), appending("few", Severity::Critical)});
    m_board->raise(alarm("a", Severity::Warning));
    QTRY_COMPARE_WITH_TIMEOUT(heard("all").size(), 1U, guardMs);
    m_board->raise(alarm("b"));
    QTRY_COMPARE_WITH_TIMEOUT(heard("few").size(), 1U, guardMs);
    QCOMPARE(heard("few").front().alarm, std::string("b"));
}

void NotifyPartTest::whatCantBeToldWaitsAndIsToldLater() {
    QFile down(path("one.down"));
    QVERIFY(down.open(QIODevice::WriteOnly));
    begin({appending("one")});
    m_board->raise(alarm("a"));
    m_board->raise(alarm("b"));
    QTRY_VERIFY_WITH_TIMEOUT(says("could not be told [erp-pair/alpha] CRITICAL: a: the line is dead"), guardMs);
    QTRY_COMPARE_WITH_TIMEOUT(m_part->channels().front().waiting, 2U, guardMs);
    QCOMPARE(m_part->channels().front().trouble, std::string("the line is dead"));
    QVERIFY(heard("one").empty());
    down.remove();
    QTRY_COMPARE_WITH_TIMEOUT(heard("one").size(), 2U, guardMs);
    QCOMPARE(heard("one")[0].alarm + heard("one")[1].alarm, std::string("ab")); // in their order
    QTRY_VERIFY_WITH_TIMEOUT(m_part->channels().front().trouble.empty(), guardMs);
}

void NotifyPartTest::aFailingChannelIsAnAlarmForTheOthers() {
    QFile down(path("mute.down"));
    QVERIFY(down.open(QIODevice::WriteOnly));
    begin({appending("mute"), appending("other")});
    m_board->raise(alarm("a"));
    QTRY_COMPARE_WITH_TIMEOUT(heard("other").size(), 2U, guardMs);
    QCOMPARE(heard("other")[1].alarm, std::string("notify.failed:mute"));
    QVERIFY(heard("other")[1].text.find("the line is dead") != std::string::npos);
    QCOMPARE(m_part->channels()[0].waiting, 1U); // not the news on itself
    down.remove();
    QTRY_COMPARE_WITH_TIMEOUT(heard("mute").size(), 1U, guardMs);
    QTRY_VERIFY_WITH_TIMEOUT(m_board->list().size() == 1, guardMs);
}

void NotifyPartTest::badPrograms_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("hangs") << QByteArray("sleep 600") << QByteArray("no answer within");
    QTest::newRow("ignores SIGTERM and leaves children")
        << QByteArray("trap '' TERM\nsleep 600 & sleep 600") << QByteArray("no answer within");
    QTest::newRow("floods") << QByteArray("yes | head -c 2000000; echo the end; exit 3") << QByteArray("the end");
    QTest::newRow("says nothing") << QByteArray("exit 7") << QByteArray("exit code 7");
    QTest::newRow("dies") << QByteArray("kill -9 $$") << QByteArray("killed by signal 9");
}

void NotifyPartTest::badPrograms() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, says);
    begin({script("bad", "echo $$ >bad.pid\n" + text), appending("good")});
    m_board->raise(alarm("a"));
    QTRY_VERIFY2_WITH_TIMEOUT(this->says(says.constData()), says.constData(), guardMs);
    QTRY_VERIFY_WITH_TIMEOUT(!heard("good").empty(), guardMs); // not held up
    QVERIFY(m_part->channels().front().waiting >= 1);
    m_part.reset();
    // Nothing of it is left in its session.
    QFile pid(path("bad.pid"));
    QVERIFY(pid.open(QIODevice::ReadOnly));
    const QByteArray session = pid.readAll().trimmed();
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            for (const QString& each : QDir("/proc").entryList(QDir::Dirs)) {
                QFile stat("/proc/" + each + "/stat");
                if (!stat.open(QIODevice::ReadOnly)) continue;
                const QByteArray line = stat.readAll();
                const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
                if (fields.size() > 3 && fields[3] == session && fields[0] != "Z") return false;
            }
            return true;
        }(),
        guardMs);
}

void NotifyPartTest::aRestartForgetsNothingAndRepeatsNothing() {
    begin({appending("one")});
    m_board->raise(alarm("stays"));
    QTRY_COMPARE_WITH_TIMEOUT(heard("one").size(), 1U, guardMs);
    QFile down(path("one.down"));
    QVERIFY(down.open(QIODevice::WriteOnly));
    m_board->raise(alarm("waits"));
    QTRY_COMPARE_WITH_TIMEOUT(m_part->channels().front().waiting, 1U, guardMs);
    m_part.reset(); // the service ends while it can't be told
    down.remove();
    begin({appending("one")});
    m_board->raise(alarm("stays")); // as the engine finds it again
    m_board->raise(alarm("waits"));
    m_board->raise(alarm("new"));
    QTRY_COMPARE_WITH_TIMEOUT(heard("one").size(), 3U, guardMs);
    QCOMPARE(heard("one")[1].alarm, std::string("waits"));
    QCOMPARE(heard("one")[2].alarm, std::string("new"));
    // A channel that the configuration no longer has leaves nothing behind.
    begin({appending("two")});
    QVERIFY(!QFile::exists(path("state/notices/one")));
}

void NotifyPartTest::aTestGoesBesideTheQueue() {
    QFile down(path("one.down"));
    QVERIFY(down.open(QIODevice::WriteOnly));
    begin({appending("one"), appending("two")});
    m_board->raise(alarm("a"));
    QTRY_VERIFY_WITH_TIMEOUT(!m_part->channels()[0].trouble.empty(), guardMs);
    std::vector<ports::ChannelTrial> trials;
    QVERIFY(m_part->test("anna", [&](const auto& answers) { trials = answers; }));
    QTRY_COMPARE_WITH_TIMEOUT(trials.size(), 2U, guardMs);
    QVERIFY(!trials[0].delivered);
    QCOMPARE(trials[0].trouble, std::string("the line is dead"));
    QVERIFY(trials[1].delivered);
    const auto atTwo = heard("two");
    QVERIFY(std::any_of(atTwo.begin(), atTwo.end(), [](const alarms::Notice& each) {
        return each.alarm == "test" && each.text.find("anna") != std::string::npos;
    }));
    QVERIFY(m_board->list().size() <= 2); // a test is no alarm
    QVERIFY(!QFile::exists(path("state/notices/two/trial")));
}

void NotifyPartTest::oneTestAtATime() {
    begin({script("slow", "sleep 600")});
    bool answered = false;
    QVERIFY(m_part->test("anna", [&](const auto&) { answered = true; }));
    QVERIFY(!m_part->test("bert", [](const auto&) { QFAIL("refused tests are not answered"); }));
    QTRY_VERIFY_WITH_TIMEOUT(answered, guardMs);
    QVERIFY(m_part->test("bert", [](const auto&) {}));
}

void NotifyPartTest::withoutChannelsNothingIsWritten() {
    begin({});
    m_board->raise(alarm("a"));
    bool answered = false;
    QVERIFY(m_part->test("anna", [&](const auto& answers) { answered = answers.empty(); }));
    QVERIFY(answered);
    QVERIFY(!QFile::exists(path("state/notices/told.jsonl")));
}

QTEST_GUILESS_MAIN(NotifyPartTest)
#include "notify_part_test.moc"
