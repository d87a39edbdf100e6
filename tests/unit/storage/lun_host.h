// SPDX-License-Identifier: Apache-2.0
// One host's storage as dyadd has it: a LunClient with a run directory of its own, and waiting for its answers.
#pragma once

#include "platform/linux/process_identity.h"
#include "storage/filesystem/mount_table.h"
#include "storage/filesystem_agent.h"
#include "storage/lun_client.h"

#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include <csignal>
#include <functional>
#include <sys/mount.h>

#ifndef DYAD_LUN_PROGRAM
#error "the build says where dyad-lun is"
#endif

namespace dyad::test {

inline bool waitUntil(const std::function<bool()>& condition, int guard = 30000) {
    QElapsedTimer timer;
    timer.start();
    while (!condition()) {
        if (timer.elapsed() > guard) return false;
        QCoreApplication::processEvents(QEventLoop::AllEvents | QEventLoop::WaitForMoreEvents, 5);
        QTest::qWait(1);
    }
    return true;
}

class LunHost {
public:
    LunHost(model::NodeId node, const model::LunSetup& lun, std::vector<std::string> extraOptions = {})
        : m_node(node), m_lun(lun) {
        m_setup.configuration.clusterName = "test";
        m_setup.configuration.nodes[0].name = "alpha";
        m_setup.configuration.nodes[1].name = "beta";
        m_setup.configuration.luns = {lun};
        m_setup.node = node;
        m_setup.runDirectory = m_folder.path().toStdString();
        m_setup.program = DYAD_LUN_PROGRAM;
        m_setup.extraOptions = std::move(extraOptions);
        connectService();
    }
    // Whatever a failed test left: the mount, the process, the FUSE mount.
    ~LunHost() {
        const std::string file = client->exportFile(lunId);
        const qint64 pid = serverPid();
        client.reset();
        if (pid > 0) ::kill(static_cast<pid_t>(pid), SIGKILL);
        ::umount2(mountPoint().c_str(), MNT_DETACH);
        while (pid > 0 && ::kill(static_cast<pid_t>(pid), 0) == 0 && !gone(static_cast<pid_t>(pid)))
            QTest::qWait(1);
        ::umount2(file.c_str(), MNT_DETACH);
    }

    // As a restart of dyadd: the client goes, dyad-lun stays, a new client adopts it.
    void connectService() {
        client = std::make_unique<storage::LunClient>(m_setup);
        client->onAnswer = [this](const model::ReservationAnswer& answer) { answers.push_back(answer); };
        client->onNotice = [this](const model::LunNotice& notice) { notices.push_back(notice); };
        if (const Result<void> started = client->start(); !started) qFatal("%s", started.error().text().c_str());
    }
    [[nodiscard]] bool waitForPath() {
        return waitUntil([this] { return client->state(lunId).pathUp; });
    }
    [[nodiscard]] model::ReservationKey key(unsigned epoch) const {
        return model::ReservationKey::make(0x5d2a, m_node, model::BootDigest(0xa3 + model::indexOf(m_node)),
                                           model::Epoch(epoch));
    }
    model::ReservationAnswer ask(model::ReservationCommand command, unsigned epoch = 1,
                                 model::ClaimFrom from = model::ClaimFrom::Nothing,
                                 std::optional<model::ReservationKey> expected = {}) {
        model::ReservationRequest request;
        request.operation = model::OperationId(++m_operation);
        request.epoch = model::Epoch(epoch);
        request.lun = lunId;
        request.command = command;
        request.key = key(epoch);
        request.from = from;
        request.expectedHolder = expected;
        answers.clear();
        client->send(request);
        const bool came = waitUntil([&] { return !answers.empty(); });
        if (!came || answers.size() != 1 || answers[0].operation != request.operation)
            qFatal("no answer, or another one");
        return answers[0];
    }
    [[nodiscard]] bool noticed(model::LunNotice::Kind kind) const {
        return std::any_of(notices.begin(), notices.end(),
                           [kind](const model::LunNotice& each) { return each.kind == kind; });
    }
    [[nodiscard]] qint64 serverPid() const {
        QFile file(QString::fromStdString(m_setup.runDirectory) + "/lun/array/pid");
        return file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().toLongLong() : 0;
    }
    [[nodiscard]] QString log() const {
        QFile file(QString::fromStdString(m_setup.runDirectory) + "/lun/array/log");
        return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
    }
    [[nodiscard]] std::string mountPoint() const { return m_setup.runDirectory + "/mnt"; }
    [[nodiscard]] std::unique_ptr<ports::Agent> filesystem(const std::string& type, const std::string& options = {}) {
        return storage::makeFilesystemAgent({lunId, mountPoint(), type, options}, m_lun, *client, m_setup.runDirectory);
    }
    static ports::AgentResult wait(const std::function<void(ports::AgentDone)>& call) {
        std::optional<ports::AgentResult> result;
        call([&result](const ports::AgentResult& each) { result = each; });
        if (!waitUntil([&] { return result.has_value(); })) qFatal("the agent does not answer");
        return *result;
    }

    const model::LunId lunId{0};
    std::unique_ptr<storage::LunClient> client;
    std::vector<model::ReservationAnswer> answers;
    std::vector<model::LunNotice> notices;

private:
    static bool gone(pid_t pid) {
        const auto stat = platform::readProcessStat(pid);
        return !stat || stat.value().state == 'Z';
    }

    model::NodeId m_node;
    model::LunSetup m_lun;
    QTemporaryDir m_folder{"/tmp/dyad-XXXXXX"};
    storage::LunClientSetup m_setup;
    std::uint64_t m_operation = 0;
};

} // namespace dyad::test
