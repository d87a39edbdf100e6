// SPDX-License-Identifier: Apache-2.0
// What systemd says of one of its units, in its own words (org.freedesktop.systemd1(5)).
#pragma once

#include <cstdint>
#include <string>

namespace dyad::model {

struct UnitFacts {
    std::string load;            // LoadState: "loaded", "not-found", "masked", "error"...
    std::string loadError;       // why it is not loaded; may be empty
    std::string active;          // ActiveState: "active", "activating", "inactive", "failed"...
    std::string sub;             // SubState: "running", "exited", "auto-restart", "dead"...
    std::string file;            // UnitFileState: "enabled", "disabled", "static", "masked"...; empty: it has no file
    std::string result;          // of a service: "success", "exit-code", "signal", "oom-kill"...; else empty
    std::int32_t exitCode = 0;   // of a service's main process: CLD_EXITED, CLD_KILLED...; 0: none has ended
    std::int32_t exitStatus = 0; // its exit code or the number of its signal

    bool operator==(const UnitFacts&) const = default;
};

} // namespace dyad::model
