// SPDX-License-Identifier: Apache-2.0
#include "network/ip_address.h"

#include <cstdio>

namespace dyad::network {

std::string toText(const HardwareAddress& address) {
    std::array<char, 18> text{};
    std::snprintf(text.data(), text.size(), "%02x:%02x:%02x:%02x:%02x:%02x", address[0], address[1], address[2],
                  address[3], address[4], address[5]);
    return text.data();
}

} // namespace dyad::network
