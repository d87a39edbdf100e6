// SPDX-License-Identifier: Apache-2.0
// A program for the kernel (classic BPF) that lets through only what claims one address, so that a network full of
// other people's ARP wakes nobody. It is coarse where that costs nothing: what comes through is read with arpClaim() or
// neighbourClaim() all the same.
#pragma once

#include <linux/filter.h>
#include <vector>

#include "network/ip_address.h"

namespace dyad::network {

// IPv4: ARP packets whose sender IP address is `address` and whose sender isn't `own`. IPv6: neighbour advertisements
// of `address` and neighbour solicitations from it, in frames that `own` didn't send.
[[nodiscard]] std::vector<sock_filter> claimFilter(const HardwareAddress& own, const IpAddress& address);

} // namespace dyad::network
