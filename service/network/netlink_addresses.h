// SPDX-License-Identifier: Apache-2.0
// The kernel's interfaces and addresses by rtnetlink (RFC 3549, rtnetlink(7)): tens of microseconds where the program
// "ip" takes milliseconds. The kernel answers a request within the call; each call here is bounded by maxNetlinkWait
// all the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "network/ip_address.h"

namespace dyad::network {

inline constexpr Duration maxNetlinkWait = 500ms;
inline constexpr std::size_t maxListed = 4096; // interfaces or addresses of a host

struct Interface {
    int index = 0;
    std::string name;
    HardwareAddress hardware{};
    bool ethernet = false; // speaks ARP; a loopback or a tunnel doesn't
    bool loopback = false;
    bool up = false;      // administratively
    bool carrier = false; // a living cable
};

struct AssignedAddress {
    int interface = 0;
    IpAddress address;
    std::uint8_t prefixLength = 0;
    bool tentative = false; // IPv6: the kernel still asks whether somebody else has it
    bool duplicate = false; // and somebody has
};

[[nodiscard]] Result<std::vector<Interface>> listInterfaces();
[[nodiscard]] Result<std::vector<AssignedAddress>> listAddresses();

// Already there: good. An IPv6 address is given without the kernel's own duplicate address detection (IFA_F_NODAD),
// which would keep it useless for a second: a takeover can't wait, and any other start has asked the network before.
// With `kernelAsks` it is tentative until the kernel has asked (RFC 4862 section 5.4). It isn't preferred as a source either (lifetime 0), so that the host's own connections don't move with the group.
[[nodiscard]] Result<void> addAddress(const AssignedAddress& address, bool kernelAsks = false);
// Not there: good.
[[nodiscard]] Result<void> removeAddress(const AssignedAddress& address);

// The named interface, or, with an empty name, the one whose subnet holds the address. Error: there is none.
struct Place {
    Interface interface;
    std::uint8_t prefixLength = 0; // `wantedPrefix`, or that of the subnet where it is 0
};
[[nodiscard]] Result<Place> findPlace(const IpAddress& address, std::uint8_t wantedPrefix, const std::string& name);

} // namespace dyad::network
