// SPDX-License-Identifier: Apache-2.0
// What this node sees with its own eyes: mounts, addresses, the wire, processes, the configuration file. Blocks (at
// most a second or so, most of it listening on the wire): it runs in a thread of its own.
#pragma once

#include "model/configuration.h"
#include "model/truth.h"

#include <string>

namespace dyad::daemon {

struct LookSettings {
    model::Configuration configuration;
    std::string configurationFile;
    std::string runDirectory;
};

// `believed` has what the service believes; what is, is filled in.
[[nodiscard]] model::NodeTruth look(const LookSettings& settings, model::NodeTruth believed);

} // namespace dyad::daemon
