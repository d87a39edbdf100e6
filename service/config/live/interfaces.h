// SPDX-License-Identifier: Apache-2.0
// The interfaces of this host and their addresses, and what lies in which subnet.
#pragma once

#include "config/addresses.h"

#include <string>
#include <vector>

namespace dyad::config {

struct InterfaceAddress {
    std::string interface;
    NumericAddress address;
    unsigned prefixLength = 0;
    bool up = false;      // switched on
    bool carrier = false; // and its link is there
    bool loopback = false;

    [[nodiscard]] bool holds(const NumericAddress& other) const; // in its subnet
    [[nodiscard]] std::string text() const;                      // eth1 (10.77.1.1/24)
};

// Doesn't block. Empty where the kernel can't be asked.
[[nodiscard]] std::vector<InterfaceAddress> interfaceAddresses();
[[nodiscard]] bool interfaceExists(const std::string& name);
// "eth0 (10.77.0.1/24) and eth1 (10.77.1.1/24)", loopback left out
[[nodiscard]] std::string listOf(const std::vector<InterfaceAddress>& addresses);

} // namespace dyad::config
