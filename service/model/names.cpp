// SPDX-License-Identifier: Apache-2.0
#include "model/names.h"

#include <cstdio>

namespace dyad::model {

std::string hexadecimal(std::uint64_t number) {
    char text[20];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
    return text;
}

const char* toText(Role role) {
    switch (role) {
    case Role::Standby: return "standby";
    case Role::Claiming: return "claiming";
    case Role::Starting: return "starting";
    case Role::Active: return "active";
    case Role::Stopping: return "stopping";
    case Role::Lost: return "lost";
    case Role::Failed: return "failed";
    case Role::Maintenance: return "maintenance";
    }
    return "?";
}

const char* toText(Liveness liveness) {
    switch (liveness) {
    case Liveness::Unknown: return "unknown";
    case Liveness::Alive: return "alive";
    case Liveness::Suspect: return "suspect";
    case Liveness::Lost: return "lost";
    }
    return "?";
}

const char* toText(ResourceState state) {
    switch (state) {
    case ResourceState::Unknown: return "unknown";
    case ResourceState::Stopped: return "stopped";
    case ResourceState::Starting: return "starting";
    case ResourceState::Running: return "running";
    case ResourceState::Stopping: return "stopping";
    case ResourceState::Failed: return "failed";
    }
    return "?";
}

const char* toText(Severity severity) {
    switch (severity) {
    case Severity::Information: return "information";
    case Severity::Warning: return "warning";
    case Severity::Critical: return "critical";
    }
    return "?";
}

} // namespace dyad::model
