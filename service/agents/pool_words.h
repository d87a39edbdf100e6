// SPDX-License-Identifier: Apache-2.0
// How a pool stands, in one sentence for people.
#pragma once

#include <string>
#include <vector>

#include "agents/server_checks.h"
#include "model/configuration.h"

namespace dyad::agents {

inline constexpr std::size_t maxNamedServers = 8; // the others are counted

struct ServerStanding {
    ServerHealth::State state = ServerHealth::State::Unknown;
    bool maintenance = false;
    std::int64_t sinceWallClockMs = 0;
    std::string reason;  // of its state
    std::string trouble; // that its check can't be run; empty: it can
};

// "3 of 4 servers serve; web2 is out since 2026-11-23 10:22:31: 10.77.0.12 port 80: Connection refused (111)"
// The same as long as nothing has changed. Times are the host's local ones.
[[nodiscard]] std::string poolWords(const std::vector<model::PoolServer>& servers,
                                    const std::vector<ServerStanding>& standings);

} // namespace dyad::agents
