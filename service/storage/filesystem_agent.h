// SPDX-License-Identifier: Apache-2.0
// The agent of resources of type "filesystem": a LUN's file, a loop device on it, a filesystem on that. Whatever may
// wait for the disk happens in child processes.
#pragma once

#include "model/configuration.h"
#include "ports/agent.h"
#include "storage/filesystem/child_command.h"
#include "storage/lun_client.h"

#include <QTimer>
#include <memory>

namespace dyad::storage {

// Forced: a child that isn't through by then waits for the disk, and dyad-lun is killed, which sets it free.
inline constexpr Duration forcePatience = 1s;
// Forced: not gone by then is Failed; the host has to fence itself.
inline constexpr Duration forceDeadline = 4s;

// `client` outlives the agent. The LUN's folder under `runDirectory` is the client's.
[[nodiscard]] std::unique_ptr<ports::Agent> makeFilesystemAgent(const model::FilesystemSettings& settings,
                                                                const model::LunSetup& lun, LunClient& client,
                                                                const std::string& runDirectory);

class FilesystemAgent final : public ports::Agent {
public:
    FilesystemAgent(const model::FilesystemSettings& settings, const model::LunSetup& lun, LunClient& client);
    ~FilesystemAgent() override;

    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override;
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;

private:
    static constexpr std::chrono::milliseconds watchInterval{500};
    enum class Doing : std::uint8_t { Nothing, Starting, Stopping, Killing };

    void run(Doing doing, std::vector<std::string> command);
    void childEnded(platform::ChildEnd end);
    void unmount(bool force);
    void forceStuck();
    void finish(model::ResourceOutcome outcome, const std::string& detail);
    void dropOperation(const char* why);
    void lookAtMount();
    [[nodiscard]] ports::AgentResult look() const; // reads /proc, never the disk
    [[nodiscard]] bool mountedByUs() const;

    model::FilesystemSettings m_settings;
    model::LunSetup m_lun;
    LunClient& m_client;
    Doing m_doing = Doing::Nothing;
    ports::AgentDone m_done;
    std::shared_ptr<ChildCommand> m_child;
    std::string m_detail; // the child's last word
    bool m_unmountWhenChildEnds = false;
    bool m_serverKilled = false; // in this kill()
    QTimer m_stuckTimer;
    QTimer m_deadlineTimer;
    QTimer m_watchTimer; // while it runs
};

} // namespace dyad::storage
