// SPDX-License-Identifier: Apache-2.0
// The keeper of the configuration with what it needs of the service: engine, heart, control server, peer.
#pragma once

#include "control/server/server.h"
#include "daemon/configuration/file_sync.h"
#include "daemon/configuration/keeper.h"
#include "daemon/heart_adapter.h"
#include "daemon/options.h"
#include "engine/engine.h"
#include "recorder/journal.h"

#include <memory>

namespace dyad::daemon {

class ConfigurationPart {
public:
    struct Setup {
        const Options& options;
        const model::Configuration& configuration;
        model::NodeId self;
        model::BootDigest boot;
        // All of them outlive the part.
        const engine::Engine& engine;
        HeartAdapter& heart;
        recorder::Journal& journal;
        ports::AlarmPort& alarms;
        const ports::Clock& clock;
        control::Server& server;
        control::PeerChannel& peer;
    };

    explicit ConfigurationPart(const Setup& setup);
    [[nodiscard]] Result<void> start() {
        m_sync.start();
        return m_keeper.start();
    }

private:
    void prepareRestart(const model::Configuration& to, bool heart, std::function<void()> then);
    void awaitHeart();

    Setup m_setup;
    Keeper m_keeper;
    FileSync m_sync;
    QTimer m_heartTimer;
    Instant m_heartUntil;
    std::function<void()> m_then; // once the new heart hears the peer
};

// What an apply had decided on but not yet written to dyad.toml is written now; before the file is read. Says on
// standard error what it did or couldn't do.
void finishInterruptedApply(const Options& options);

} // namespace dyad::daemon
