// SPDX-License-Identifier: Apache-2.0
#include "network/packet_socket.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "platform/linux/system_error.h"

namespace dyad::network {

namespace {
constexpr std::size_t maxFrameBytes = 2048; // more than a frame that we understand; the rest is cut off
}

Result<PacketSocket> PacketSocket::open(const Interface& interface, std::uint16_t etherType) {
    PacketSocket opened;
    opened.m_interface = interface.index;
    // Bound before a protocol is set, so that nothing of other interfaces comes in meanwhile.
    opened.m_socket.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!opened.m_socket.valid())
        return platform::systemError("open a packet socket on", interface.name, errno, "It needs CAP_NET_RAW");
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = interface.index;
    address.sll_protocol = htons(etherType);
    if (::bind(opened.m_socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return platform::systemError("open a packet socket on", interface.name, errno);
    return opened;
}

Result<void> PacketSocket::send(std::span<const std::uint8_t> frame) {
    if (::send(m_socket.get(), frame.data(), frame.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size()))
        return {};
    return platform::systemError("send on", "interface " + std::to_string(m_interface), errno);
}

void PacketSocket::receive(const std::function<void(std::span<const std::uint8_t>)>& each) {
    std::array<std::uint8_t, maxFrameBytes> buffer{};
    for (int frames = 0; frames < maxFrames; ++frames) {
        sockaddr_ll from{};
        socklen_t size = sizeof from;
        const ssize_t count =
            ::recvfrom(m_socket.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (count < 0) return;
        if (from.sll_pkttype == PACKET_OUTGOING) continue;
        each(std::span<const std::uint8_t>(buffer.data(), static_cast<std::size_t>(count)));
    }
}

Result<void> PacketSocket::join(const HardwareAddress& group) {
    packet_mreq wanted{};
    wanted.mr_ifindex = m_interface;
    wanted.mr_type = PACKET_MR_MULTICAST;
    wanted.mr_alen = 6;
    std::copy(group.begin(), group.end(), wanted.mr_address);
    if (::setsockopt(m_socket.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &wanted, sizeof wanted) == 0) return {};
    return platform::systemError("join a group on", "interface " + std::to_string(m_interface), errno);
}

} // namespace dyad::network
