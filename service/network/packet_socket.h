// SPDX-License-Identifier: Apache-2.0
// Whole Ethernet frames out of and into one interface (packet(7)). Needs CAP_NET_RAW.
#pragma once

#include <cstdint>
#include <functional>
#include <linux/filter.h>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "network/netlink_addresses.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::network {

class PacketSocket {
public:
    // `etherType`: what is received; 0: nothing, for sending only. `filter`: which of it the kernel lets through at all
    // (packet_filter.h); empty: all of it.
    [[nodiscard]] static Result<PacketSocket> open(const Interface& interface, std::uint16_t etherType,
                                                   std::span<const sock_filter> filter = {});

    [[nodiscard]] int descriptor() const { return m_socket.get(); }
    // Doesn't block. Error: the interface is down or gone, or its queue is full.
    Result<void> send(std::span<const std::uint8_t> frame);
    // Calls `each` for what has come in from others, at most maxFrames of it. Doesn't block.
    void receive(const std::function<void(std::span<const std::uint8_t>)>& each);
    // The same, and for how long the frame has been waiting here; by the wall clock, so it may be any nonsense, also
    // negative, when that was set meanwhile. Zero for what came in before wantAge(), which makes the kernel read the
    // clock for each packet of the host (some 20 ns).
    Result<void> wantAge();
    void receiveWithAge(const std::function<void(std::span<const std::uint8_t>, Duration age)>& each);
    // Multicast group of the interface that the network card must let through.
    Result<void> join(const HardwareAddress& group);

private:
    static constexpr int maxFrames = 64;
    platform::FileDescriptor m_socket;
    int m_interface = 0;
};

} // namespace dyad::network
