// SPDX-License-Identifier: Apache-2.0
// Asks an OCF agent what it is, and reads its answer. The agent is a stranger's program: time, size and numbers are
// bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agents/ocf_plan.h"
#include "base/result.h"
#include "model/agent_metadata.h"

namespace dyad::agents {

inline constexpr std::size_t maxMetadataBytes = 512 * 1024;
inline constexpr std::size_t maxAgentParameters = 512;
inline constexpr std::size_t maxAgentActions = 64;
inline constexpr Duration metadataPatience = 3s;

// Error: what is no metadata, with its line.
[[nodiscard]] Result<model::AgentMetadata> parseOcfMetadata(std::string_view xml, const std::string& agent);
// Runs the agent's meta-data action. Blocks for metadataPatience at most, then the agent is killed.
[[nodiscard]] Result<model::AgentMetadata> readOcfMetadata(const std::string& provider, const std::string& agent,
                                                           const std::string& root = ocfRoot);

struct OcfName {
    std::string provider;
    std::string agent;

    auto operator<=>(const OcfName&) const = default;
};
// The agents that are installed, sorted. What isn't an executable file, or has a dot in front, is none.
[[nodiscard]] std::vector<OcfName> installedOcfAgents(const std::string& root = ocfRoot);

} // namespace dyad::agents
