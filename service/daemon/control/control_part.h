// SPDX-License-Identifier: Apache-2.0
// The control server with what belongs to it: certificate, tokens and their watch, the way to the peer.
#pragma once

#include "base/result.h"
#include "control/client/peer_access.h"
#include "control/server/server.h"
#include "daemon/control/token_watch.h"
#include "daemon/options.h"
#include "model/configuration.h"
#include "ports/heart_port.h"

#include <functional>
#include <memory>

namespace dyad::daemon {

class ControlPart {
public:
    struct Setup {
        const Options& options;
        const model::Configuration& configuration;
        model::NodeId self;
        // All of them outlive the part.
        ports::ServicePort& service;
        const ports::HeartPort& heart;
        ports::AlarmPort& alarms;
        std::function<void(model::Severity, const std::string&)> log;
    };

    // Reads files: at start only. Error: certificate, tokens or cluster key can't be used.
    static Result<std::unique_ptr<ControlPart>> make(const Setup& setup);

    [[nodiscard]] Result<void> start() { return m_server->start(); }
    [[nodiscard]] control::Server& server() { return *m_server; }
    [[nodiscard]] control::PeerChannel& peer() { return *m_peer; }

private:
    std::unique_ptr<control::PeerAccess> m_peer;
    std::unique_ptr<control::Server> m_server;
    std::unique_ptr<TokenWatch> m_tokens;
};

} // namespace dyad::daemon
