// SPDX-License-Identifier: Apache-2.0
// What dyadd is told on its command line.
#pragma once

#include "daemon/self_fence.h"

#include <string>

namespace dyad::daemon {

struct Options {
    std::string configuration = "/etc/dyad/dyad.toml";
    std::string node;                       // empty: the host's name
    std::string runDirectory = "/run/dyad"; // emptied by a boot
    std::string stateDirectory = "/var/lib/dyad";
    std::string bootIdFile = "/proc/sys/kernel/random/boot_id";
    std::string keyFile = "/etc/dyad/cluster.key";
    std::string tlsDirectory = "/etc/dyad/tls";
    std::string tokens = "/etc/dyad/tokens";
    std::string programDirectory; // of dyad-heart and dyad-lun; empty: where dyadd itself lies
    SelfFenceMode selfFence = SelfFenceMode::Reset;
};

} // namespace dyad::daemon
