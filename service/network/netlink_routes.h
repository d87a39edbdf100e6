// SPDX-License-Identifier: Apache-2.0
// Routes that come and go with a floating address, by rtnetlink. They carry a protocol number of their own
// (`ip route show proto 215`), so that nobody takes them for his, and only such a one is ever removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "network/ip_address.h"

namespace dyad::network {

inline constexpr std::uint8_t routeProtocol = 215; // rtnetlink(7): above RTPROT_STATIC it is anybody's to choose
inline constexpr std::uint32_t mainTable = 254;

struct Route {
    IpAddress destination;         // its host part is zero
    std::uint8_t prefixLength = 0; // 0: the default route
    int interface = 0;
    std::optional<IpAddress> gateway; // none: on the link itself
    std::optional<IpAddress> source;  // preferred one of what goes out by it
    std::uint32_t metric = 0;
    std::uint32_t table = mainTable;

    [[nodiscard]] std::string text() const; // "192.0.2.0/24 via 10.77.0.254 metric 50"
};

// Those of our protocol. Bounded by maxNetlinkWait, as all here.
[[nodiscard]] Result<std::vector<Route>> listOwnRoutes(bool six);
// The very same is there, or is when this returns: the kernel's table is read back. Error: it isn't; among others where
// there is another route of the same destination and metric.
[[nodiscard]] Result<void> ensureRoute(const Route& route);
// Not there: good.
[[nodiscard]] Result<void> removeRoute(const Route& route);

} // namespace dyad::network
