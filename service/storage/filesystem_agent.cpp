// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem_agent.h"

#include "storage/filesystem/mount_command.h"
#include "storage/filesystem/mount_table.h"

#include <utility>

namespace dyad::storage {

using model::ResourceOutcome;

std::unique_ptr<ports::Agent> makeFilesystemAgent(const model::FilesystemSettings& settings, const model::LunSetup& lun,
                                                  LunClient& client, const std::string&) {
    return std::make_unique<FilesystemAgent>(settings, lun, client);
}

FilesystemAgent::FilesystemAgent(const model::FilesystemSettings& settings, const model::LunSetup& lun,
                                 LunClient& client)
    : m_settings(settings), m_lun(lun), m_client(client) {
    for (QTimer* each : {&m_stuckTimer, &m_deadlineTimer})
        each->setSingleShot(true);
    QObject::connect(&m_watchTimer, &QTimer::timeout, [this] { lookAtMount(); });
    QObject::connect(&m_stuckTimer, &QTimer::timeout, [this] { forceStuck(); });
    QObject::connect(&m_deadlineTimer, &QTimer::timeout, [this] {
        finish(ResourceOutcome::Failed,
               "the filesystem of " + m_settings.mountPoint + " could not be given up: " + m_detail);
    });
}

FilesystemAgent::~FilesystemAgent() = default;

bool FilesystemAgent::mountedByUs() const {
    const auto mounted = mountedAt(m_settings.mountPoint);
    const auto record = readLoopRecord(m_client.loopRecord(m_settings.lun));
    return mounted && record && mounted->source == record->device && loopAlive(*record);
}

// An idle database doesn't notice that its filesystem is gone or has shut itself down.
void FilesystemAgent::lookAtMount() {
    const ports::AgentResult now = look();
    if (now.outcome == ResourceOutcome::Running) return;
    m_watchTimer.stop();
    if (onNotice)
        onNotice({model::ResourceNotice::Kind::Died,
                  now.outcome == ResourceOutcome::Stopped ? "it was unmounted by somebody else" : now.detail});
}

void FilesystemAgent::start(bool, ports::AgentDone done) {
    dropOperation("started again");
    m_done = std::move(done);
    m_doing = Doing::Starting;
    const LunState& lun = m_client.details(m_settings.lun);
    if (!lun.exported)
        return finish(ResourceOutcome::Failed,
                      "LUN " + m_lun.name + " is not there: " + (lun.detail.empty() ? "no login so far" : lun.detail));
    if (!lun.gateOpen)
        return finish(ResourceOutcome::Failed,
                      "LUN " + m_lun.name + " is latched shut: this node does not hold the reservation");
    if (mountedByUs()) return finish(ResourceOutcome::Running, "was mounted already");
    run(Doing::Starting,
        {m_client.program(), "mount", m_client.exportFile(m_settings.lun), m_client.loopRecord(m_settings.lun),
         std::to_string(lun.blockBytes), std::to_string(m_lun.minimumBytes), m_settings.mountPoint, m_settings.type,
         m_settings.options});
}

void FilesystemAgent::stop(ports::AgentDone done) {
    dropOperation("stopped meanwhile");
    m_done = std::move(done);
    m_doing = Doing::Stopping;
    unmount(false);
}

void FilesystemAgent::kill(ports::AgentDone done) {
    dropOperation("killed meanwhile");
    m_done = std::move(done);
    m_doing = Doing::Killing;
    m_serverKilled = false;
    m_stuckTimer.start(wholeMilliseconds(forcePatience));
    m_deadlineTimer.start(wholeMilliseconds(forceDeadline));
    unmount(true);
}

void FilesystemAgent::probe(ports::AgentDone done) {
    const ports::AgentResult result = look();
    if (result.outcome == ResourceOutcome::Running) m_watchTimer.start(watchInterval);
    done(result);
}

ports::AgentResult FilesystemAgent::look() const {
    const auto record = readLoopRecord(m_client.loopRecord(m_settings.lun));
    if (!record || !loopAlive(*record)) return {ResourceOutcome::Stopped, "not mounted"};
    if (!mountedByUs())
        return {ResourceOutcome::Failed, "not mounted on " + m_settings.mountPoint + ", but " + record->device +
                                             " still stands on LUN " + m_lun.name};
    const std::string options = mountedAt(m_settings.mountPoint)->superOptions;
    if (options.find("emergency_ro") != std::string::npos || options.find("shutdown") != std::string::npos)
        return {ResourceOutcome::Failed, "the filesystem has shut itself down after an I/O error"};
    return {ResourceOutcome::Running, "mounted"};
}

// The child of a dropped operation is killed; when it is stuck, the unmount goes on once it has come free.
void FilesystemAgent::unmount(bool force) {
    if (m_child && m_child->running()) {
        m_unmountWhenChildEnds = true;
        m_child->kill();
        return;
    }
    const auto record = readLoopRecord(m_client.loopRecord(m_settings.lun));
    if (!record || !loopAlive(*record)) return finish(ResourceOutcome::Stopped, "not mounted");
    run(force ? Doing::Killing : Doing::Stopping, {m_client.program(), "unmount", m_client.loopRecord(m_settings.lun),
                                                   m_settings.mountPoint, force ? "force" : "orderly"});
}

void FilesystemAgent::run(Doing doing, std::vector<std::string> command) {
    m_doing = doing;
    m_detail.clear();
    m_child = std::make_shared<ChildCommand>();
    m_child->onLine = [this](const std::string& line) {
        if (line.rfind("detail ", 0) == 0) m_detail = line.substr(7);
        if (line.rfind("progress ", 0) == 0 && onNotice)
            onNotice({model::ResourceNotice::Kind::Progress, line.substr(9)});
    };
    m_child->onEnd = [this](platform::ChildEnd end) { childEnded(end); };
    if (const Result<void> started = m_child->start(command); !started)
        finish(ResourceOutcome::CouldNotRun, started.error().text());
}

void FilesystemAgent::childEnded(platform::ChildEnd end) {
    // The object is in the middle of its notifier's signal: it is freed by the event loop.
    QTimer::singleShot(0, [child = std::exchange(m_child, nullptr)] {});
    if (std::exchange(m_unmountWhenChildEnds, false)) return unmount(m_doing == Doing::Killing);
    if (m_detail.empty() && !end.clean()) m_detail = "the helper ended with " + end.text();
    switch (m_doing) {
    case Doing::Starting: return finish(end.clean() ? ResourceOutcome::Running : ResourceOutcome::Failed, m_detail);
    case Doing::Stopping: return finish(end.clean() ? ResourceOutcome::Stopped : ResourceOutcome::Failed, m_detail);
    case Doing::Killing:
        if (end.clean()) return finish(ResourceOutcome::Stopped, m_detail);
        if (m_serverKilled) return finish(ResourceOutcome::Failed, m_detail);
        forceStuck();
        return unmount(true);
    case Doing::Nothing: return;
    }
}

// Whoever waits for the disk waits for dyad-lun: its death aborts the FUSE connection and sets all of them free.
void FilesystemAgent::forceStuck() {
    if (m_doing != Doing::Killing || m_serverKilled) return;
    m_serverKilled = true;
    m_client.killServer(m_settings.lun);
}

void FilesystemAgent::finish(ResourceOutcome outcome, const std::string& detail) {
    m_stuckTimer.stop();
    m_deadlineTimer.stop();
    m_doing = Doing::Nothing;
    if (outcome == ResourceOutcome::Running) m_watchTimer.start(watchInterval);
    if (const ports::AgentDone done = std::exchange(m_done, nullptr)) done({outcome, detail});
}

void FilesystemAgent::dropOperation(const char* why) {
    m_watchTimer.stop();
    m_stuckTimer.stop();
    m_deadlineTimer.stop();
    if (m_child && m_child->running()) m_child->kill();
    if (const ports::AgentDone done = std::exchange(m_done, nullptr)) done({ResourceOutcome::Failed, why});
    m_doing = Doing::Nothing;
}

} // namespace dyad::storage
