// SPDX-License-Identifier: Apache-2.0
// A configuration against the host it is to run on: interfaces, array, files, programs. Changes nothing, registers
// nothing on the array.
#pragma once

#include "base/result.h"
#include "model/agent_metadata.h"
#include "model/configuration.h"
#include "model/configuration_report.h"
#include "model/unit_facts.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::config {

inline constexpr Duration portalPatience = 2s; // for all portals together
inline constexpr Duration agentsPatience = 3s; // no further OCF agent or unit is asked after that

struct LiveSetup {
    model::NodeId self = model::NodeId::First;
    std::string keyFile = "/etc/dyad/cluster.key";
    std::string tlsDirectory = "/etc/dyad/tls";
    std::string tokens = "/etc/dyad/tokens";
    std::string programDirectory; // of dyad-heart and dyad-lun
    std::string runDirectory = "/run/dyad";
    // What an installed OCF agent says of itself; blocks for some seconds at most. Not set: its parameters aren't
    // checked.
    std::function<Result<model::AgentMetadata>(const model::OcfSettings&)> askAgent;
    // What systemd says of a unit; blocks for some seconds at most. Not set: units aren't checked.
    std::function<Result<model::UnitFacts>(const std::string& unit)> askUnit;
};

struct LiveFinding {
    std::string block; // the part of the file that it is about: "lun.array", "group.erp.resource.ip"
    model::Finding finding;
};

// `text` is what `configuration` was read from: it tells the lines. Blocks for portalPatience at most, for
// agentsPatience and one agent's answer, and on local disks.
[[nodiscard]] std::vector<LiveFinding> checkLive(const model::Configuration& configuration, std::string_view text,
                                                 const std::string& fileName, const LiveSetup& setup);

} // namespace dyad::config
