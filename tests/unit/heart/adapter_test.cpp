// SPDX-License-Identifier: Apache-2.0
// The service's adapter with a real heart: started, joined, adopted, replaced, started again.
#include "daemon/heart_adapter.h"

#include "heart/launcher.h"

#include "guardian.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <vector>

using namespace dyad;
using model::Liveness;

namespace {

constexpr int guardMs = 30'000;

bool eventually(const std::function<bool()>& holds) { return QTest::qWaitFor(holds, guardMs); }

model::NodeStatus activeStatus() {
    model::NodeStatus status;
    status.serviceAlive = true;
    status.groups = {{model::Role::Active, model::Epoch(2)}};
    return status;
}

} // namespace

class AdapterTest : public QObject {
    Q_OBJECT

    const heart::Guardian m_guardian;
    std::unique_ptr<QTemporaryDir> m_directory;
    heart::Settings m_settings;

    std::string run() const { return m_directory->path().toStdString(); }
    std::unique_ptr<daemon::HeartAdapter> made(const heart::Settings& settings) const {
        return std::make_unique<daemon::HeartAdapter>(daemon::HeartAdapterSetup{DYAD_HEART_PROGRAM, run(), settings});
    }
    void endHeart(int signal = SIGKILL) const {
        const auto living = heart::findHeart(run());
        if (!living) return;
        const auto watched = heart::watchProcess(living->process);
        if (!watched) return;
        heart::signalProcess(watched.value(), signal);
        pollfd wait{watched.value(), POLLIN, 0};
        ::poll(&wait, 1, guardMs);
        ::close(watched.value());
    }

private Q_SLOTS:
    void initTestCase() {
        // Orphans come to us, as they go to pid 1 otherwise; we reap them.
        QCOMPARE(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    }
    void init() {
        m_directory = std::make_unique<QTemporaryDir>(m_guardian.pattern());
        QFile key(m_directory->filePath("cluster.key"));
        QVERIFY(key.open(QIODevice::WriteOnly));
        key.write(QByteArray(64, '7') + "\n");
        key.close();
        QVERIFY(key.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
        m_settings = {9,
                      model::NodeId::First,
                      model::BootDigest(0xa),
                      key.fileName().toStdString(),
                      20ms,
                      60ms,
                      100ms,
                      {{"private", "127.0.0.4", "127.0.0.5", 17410, 17410}}};
    }
    void cleanup() {
        endHeart();
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
    }

    void itStartsAHeartAndHearsItsJudgement() {
        const auto adapter = made(m_settings);
        std::vector<ports::HeartReport> heard;
        adapter->onChange = [&](const ports::HeartReport& report) { heard.push_back(report); };
        adapter->start();
        QVERIFY(heard.empty()); // never from within start()
        QVERIFY(eventually([&] {
            return !heard.empty() && !heard.back().links.empty() && heard.back().links[0].liveness == Liveness::Lost;
        }));
        QVERIFY(!adapter->previousStatus());
        QVERIFY(adapter->report().beatAt >= heard.back().beatAt);
        QVERIFY(!adapter->report().peer.everHeard);
    }

    void theNextServiceAdoptsTheHeartAtOnce() {
        auto adapter = made(m_settings);
        adapter->start();
        QVERIFY(eventually([&] { return adapter->joined(); }));
        adapter->publish(activeStatus());
        const auto heart = heart::findHeart(run());
        QVERIFY(heart.has_value());
        adapter.reset();

        const auto next = made(m_settings);
        next->start();
        QVERIFY(next->joined());
        QVERIFY(next->previousStatus() == activeStatus());
        QVERIFY(heart::findHeart(run())->process == heart->process);
    }

    void aHeartOfAnotherBootIsReplaced() {
        auto adapter = made(m_settings);
        adapter->start();
        QVERIFY(eventually([&] { return adapter->joined(); }));
        adapter->publish(activeStatus());
        const auto old = heart::findHeart(run());
        adapter.reset();

        heart::Settings rebooted = m_settings;
        rebooted.boot = model::BootDigest(0xb);
        const auto next = made(rebooted);
        next->start();
        QVERIFY(!next->joined());
        QVERIFY(eventually([&] {
            ::waitpid(old->process.process, nullptr, WNOHANG);
            return next->joined();
        }));
        QVERIFY(!next->previousStatus()); // that was said in another boot
        QVERIFY(heart::findHeart(run())->process != old->process);
        QCOMPARE(heart::findHeart(run())->boot.value, std::uint64_t{0xb});
    }

    void changedSettingsReplaceTheHeart() {
        const auto adapter = made(m_settings);
        adapter->start();
        QVERIFY(eventually([&] { return adapter->joined(); }));
        adapter->publish(activeStatus());
        const auto old = heart::findHeart(run());
        heart::Settings calmer = m_settings;
        calmer.lost = 500ms;
        adapter->changeSettings(calmer);
        QVERIFY(eventually([&] {
            ::waitpid(old->process.process, nullptr, WNOHANG);
            return adapter->joined();
        }));
        QVERIFY(heart::findHeart(run())->process != old->process);
    }

    void aHeartThatDiedIsStartedAgainAndToldTheStatus() {
        const auto adapter = made(m_settings);
        std::vector<std::string> died;
        adapter->onDied = [&](const std::string& why) { died.push_back(why); };
        adapter->start();
        QVERIFY(eventually([&] { return adapter->joined(); }));
        adapter->publish(activeStatus());
        const auto first = heart::findHeart(run());
        endHeart();
        QVERIFY(eventually([&] {
            ::waitpid(first->process.process, nullptr, WNOHANG);
            return died.size() == 1 && adapter->joined();
        }));
        QVERIFY(died[0].find("has ended") != std::string::npos);
        const auto second = heart::findHeart(run());
        QVERIFY(second && second->process != first->process);
        const auto board = heart::Board::open(heart::boardPath(run()), m_settings.boot);
        QVERIFY(board.ok());
        QVERIFY(eventually([&] {
            const auto order = board.value().readOrder();
            return order && order->published > 0 && wire::toModel(order->status) == activeStatus();
        }));
    }

    void aHeartThatCannotStartIsToldOnceAndTriedAgain() {
        const QString elsewhere = m_directory->filePath("elsewhere.key");
        QVERIFY(QFile::rename(m_directory->filePath("cluster.key"), elsewhere));
        const auto adapter = made(m_settings);
        std::vector<std::string> died;
        adapter->onDied = [&](const std::string& why) { died.push_back(why); };
        adapter->start();
        QVERIFY(eventually([&] {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            return !died.empty();
        }));
        QVERIFY(died[0].find("heart.log") != std::string::npos);
        QFile log(m_directory->filePath("heart.log"));
        QVERIFY(log.open(QIODevice::ReadOnly));
        QVERIFY(log.readAll().contains("cluster.key"));
        QVERIFY(QFile::rename(elsewhere, m_directory->filePath("cluster.key")));
        QVERIFY(eventually([&] { return adapter->joined(); }));
        QCOMPARE(died.size(), std::size_t{1});
    }

    // On a host that was too busy to start it within 100 ms a heart was called dead.
    void aHeartThatTakesItsTimeIsNotCalledDead() {
        QFile slow(m_directory->filePath("slow-heart"));
        QVERIFY(slow.open(QIODevice::WriteOnly));
        slow.write("#!/bin/sh\necho started >> " + m_directory->filePath("starts").toUtf8() +
                   "\nsleep 0.2\nexec " DYAD_HEART_PROGRAM " \"$@\"\n");
        slow.close();
        QVERIFY(slow.setPermissions(QFile::ReadOwner | QFile::ExeOwner));
        daemon::HeartAdapter adapter({slow.fileName().toStdString(), run(), m_settings});
        std::vector<std::string> died;
        adapter.onDied = [&](const std::string& why) { died.push_back(why); };
        adapter.start();
        QVERIFY(eventually([&] { return adapter.joined(); }));
        QVERIFY2(died.empty(), died.empty() ? "" : died.front().c_str());
        // Who was started beside it finds that another one runs already, and ends; it comes to us, see above.
        int ended = 0;
        QVERIFY(eventually([&] {
            while (::waitpid(-1, nullptr, WNOHANG) > 0)
                ++ended;
            QFile starts(m_directory->filePath("starts"));
            return starts.open(QIODevice::ReadOnly) && starts.readAll().count('\n') - 1 <= ended;
        }));
    }

    void aSecondServiceWaitsForTheFirst() {
        auto first = made(m_settings);
        first->start();
        QVERIFY(eventually([&] { return first->joined(); }));
        const auto second = made(m_settings);
        std::vector<std::string> trouble;
        second->onDied = [&](const std::string& why) { trouble.push_back(why); };
        second->start();
        QVERIFY(eventually([&] { return !trouble.empty(); }));
        QVERIFY(first->joined());
        const auto heart = heart::findHeart(run());
        first.reset();
        std::vector<ports::HeartReport> heard;
        second->onChange = [&](const ports::HeartReport& report) { heard.push_back(report); };
        QVERIFY(eventually([&] { return second->joined() && !heard.empty(); }));
        QVERIFY(heart::findHeart(run())->process == heart->process);
    }
};

QTEST_GUILESS_MAIN(AdapterTest)
#include "adapter_test.moc"
