// SPDX-License-Identifier: Apache-2.0
// What `dyad setup` would leave below /etc/dyad on both hosts: the configuration, the cluster key, certificate, tokens.
#pragma once

#include "base/result.h"

#include <string>

namespace dyad::lab {

struct PairSettings {
    std::string profile = "fast";
    bool addressOnly =
        false;          // the group "erp" is a floating address and a process that answers, without a LUN or database
    bool ledger = true; // the second group, with LUN 2
    unsigned appendPauseMs = 0; // not 0: the second group has a process that appends records, one after each pause
    bool gateways = true;
    std::string serialDevices[2]; // of alpha and beta; empty: no serial line
    std::string multicast;        // the group to which the private link's heartbeats go; empty: none
    unsigned restartWindowSeconds = 0; // not 0: instead of the product's own, for every resource
};

[[nodiscard]] std::string configurationText(const PairSettings& settings);
// Writes the same files to both hosts' disks. Blocks for some 100 ms (the certificate's key).
[[nodiscard]] Result<void> writeSettings(const PairSettings& settings);

inline constexpr const char* groupName = "erp";
inline constexpr const char* ledgerGroup = "ledger";

} // namespace dyad::lab
