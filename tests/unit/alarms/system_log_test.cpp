// SPDX-License-Identifier: Apache-2.0
#include "alarms/system_log.h"

#include <QtTest>
#include <array>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace dyad;
using namespace dyad::alarms;

namespace {

struct Ends {
    int reader = -1;
    int writer = -1;
    Ends(bool socket) {
        std::array<int, 2> both{};
        const int made =
            socket ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, both.data()) : pipe2(both.data(), O_CLOEXEC);
        if (made == 0) {
            reader = both[0];
            writer = both[1];
        }
    }
    ~Ends() {
        close(reader);
        close(writer);
    }
    std::string read() const {
        std::array<char, 8192> bytes{};
        const ssize_t count = ::read(reader, bytes.data(), bytes.size());
        return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
    }
};

} // namespace

class SystemLogTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void lines_data();
    void lines();
    void aFullReaderDoesntStopUs_data();
    void aFullReaderDoesntStopUs();
    void aGoneReaderDoesntKillUs();
    void hostileTextStaysOneLine();
    void fieldsGoToTheJournal();
    void withoutAJournalItIsALine();
};

void SystemLogTest::lines_data() {
    QTest::addColumn<bool>("socket");
    QTest::addColumn<bool>("levels");
    QTest::addColumn<std::string>("line");
    QTest::newRow("pipe") << false << false << std::string("dyad: critical: text\n");
    QTest::newRow("socket of systemd") << true << true << std::string("<2>dyad: critical: text\n");
}

void SystemLogTest::lines() {
    QFETCH(bool, socket);
    QFETCH(bool, levels);
    QFETCH(std::string, line);
    const Ends ends(socket);
    SystemLog log(ends.writer, levels);
    log.write(model::Severity::Critical, "text");
    QCOMPARE(ends.read(), line);
    QCOMPARE(log.dropped(), std::uint64_t(0));
}

void SystemLogTest::aFullReaderDoesntStopUs_data() {
    QTest::addColumn<bool>("socket");
    QTest::newRow("pipe") << false;
    QTest::newRow("socket") << true;
}

void SystemLogTest::aFullReaderDoesntStopUs() {
    QFETCH(bool, socket);
    const Ends ends(socket);
    SystemLog log(ends.writer, false);
    // More than any pipe or socket buffer holds; a write that waited would wait for ever, and the test's time-out
    // tells.
    for (int i = 0; i < 20000; ++i)
        log.write(model::Severity::Warning, std::string(200, 'x'));
    QVERIFY(log.dropped() > 0);
    QVERIFY(log.dropped() < 20000);
}

void SystemLogTest::aGoneReaderDoesntKillUs() {
    Ends ends(true);
    close(ends.reader);
    ends.reader = -1;
    SystemLog log(ends.writer, false);
    log.write(model::Severity::Warning, "nobody hears this");
    QCOMPARE(log.dropped(), std::uint64_t(1));
}

void SystemLogTest::hostileTextStaysOneLine() {
    const Ends ends(false);
    SystemLog log(ends.writer, true);
    log.write(model::Severity::Information, "one\n<0>two\x1b[2J" + std::string(10000, 'y'));
    const std::string line = ends.read();
    QVERIFY(line.size() == SystemLog::maxLineBytes);
    QCOMPARE(std::count(line.begin(), line.end(), '\n'), std::ptrdiff_t(1));
    QVERIFY(line.starts_with("<5>dyad: information: one <0>two [2J"));
}

void SystemLogTest::fieldsGoToTheJournal() {
    const QTemporaryDir folder;
    const std::string place = folder.filePath("socket").toStdString();
    const int journal = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    place.copy(&address.sun_path[0], place.size());
    QCOMPARE(::bind(journal, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const Ends ends(true);
    SystemLog log(ends.writer, true, place);
    log.write(model::Severity::Warning, "link.lost:a: silent\nPRIORITY=0",
              {{"DYAD_ALARM", "link.lost:a"}, {"DYAD_REMEDY", "look\nDYAD_ALARM=other"}});
    std::array<char, 8192> bytes{};
    const ssize_t count = ::recv(journal, bytes.data(), bytes.size(), 0);
    ::close(journal);
    QCOMPARE(std::string(bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))),
             std::string("SYSLOG_IDENTIFIER=dyad\nPRIORITY=4\nMESSAGE=link.lost:a: silent PRIORITY=0\n"
                         "DYAD_ALARM=link.lost:a\nDYAD_REMEDY=look DYAD_ALARM=other\n"));
    log.write(model::Severity::Critical, "gone", {{"DYAD_ALARM", "x"}}); // its socket is closed: nothing is lost
    QCOMPARE(ends.read(), std::string("<2>dyad: critical: gone\n"));
}

void SystemLogTest::withoutAJournalItIsALine() {
    const Ends ends(false);
    SystemLog log(ends.writer, false, "/nowhere/socket");
    log.write(model::Severity::Critical, "text", {{"DYAD_ALARM", "x"}});
    QCOMPARE(ends.read(), std::string("dyad: critical: text\n"));
}

QTEST_APPLESS_MAIN(SystemLogTest)
#include "system_log_test.moc"
