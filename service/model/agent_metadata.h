// SPDX-License-Identifier: Apache-2.0
// What a resource agent says of itself (OCF Resource Agent API 1.1, section 4).
#pragma once

#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::model {

struct AgentParameter {
    std::string name;
    std::string type; // "string", "boolean", "integer"; others exist
    bool required = false;
    std::optional<std::string> defaultValue;
    std::string summary;
    std::string description;

    bool operator==(const AgentParameter&) const = default;
};

struct AgentAction {
    std::string name;
    Duration timeout{};  // what its author advises; 0: nothing
    Duration interval{}; // of a monitor
    unsigned depth = 0;  // of a monitor: the check level

    bool operator==(const AgentAction&) const = default;
};

struct AgentMetadata {
    std::string name;
    std::string version;
    std::string summary;
    std::string description;
    std::vector<AgentParameter> parameters;
    std::vector<AgentAction> actions;

    bool operator==(const AgentMetadata&) const = default;
};

} // namespace dyad::model
