// SPDX-License-Identifier: Apache-2.0
// What the network says of an address, whoever may have it: who answers for it on the wire, what this host's own
// neighbour table believes, and (IPv4) who still sends packets for it to this host.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "network/netlink_addresses.h"

namespace dyad::network {

inline constexpr Duration wireLookTime = 250ms; // a neighbour answers within a millisecond; customers speak within this
inline constexpr std::size_t maxWireLooks = 64; // addresses at once
inline constexpr std::size_t maxSeenPerAddress = 16;

struct Neighbour {
    int interface = 0;
    IpAddress address;
    HardwareAddress hardware{};
};
// Entries with a hardware address: fresh, stale, or set by hand. Bounded by maxNetlinkWait.
[[nodiscard]] Result<std::vector<Neighbour>> listNeighbours();

struct WireSender {
    IpAddress address;
    HardwareAddress hardware{};
};

struct WireLook {
    Interface interface;
    IpAddress address;
    bool heldHere = false;                    // this host has it: packets for it are meant for this host
    std::optional<IpAddress> source;          // this host's own address there: from whom is asked
    std::vector<HardwareAddress> answers;     // who said on the wire that he has it, other than this host
    std::vector<WireSender> sendsHere;        // who sent a packet for it to this host's hardware address
    std::optional<HardwareAddress> neighbour; // what this host would send to
    std::string trouble;                      // why the wire could not be looked at; or empty
};

// Asks for each address, as any neighbour would, and listens for wireLookTime. No RFC 5227 probes: a host that is just
// checking the address before it raises it would take them for a rival's. Blocks so long: for a thread of its own.
// Needs CAP_NET_RAW.
void lookAtWire(std::vector<WireLook>& looks);

} // namespace dyad::network
