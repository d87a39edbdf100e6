// SPDX-License-Identifier: Apache-2.0
#include "network/packet_socket.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include "platform/linux/system_error.h"

namespace dyad::network {

namespace {
constexpr std::size_t maxFrameBytes = 2048; // more than a frame that we understand; the rest is cut off

// The kernel stamps with the wall clock; packet(7) knows no other.
Duration ageOf(const msghdr& message) {
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_TIMESTAMPNS) return {};
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(header), sizeof stamp);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return std::chrono::seconds(now.tv_sec - stamp.tv_sec) + Duration(now.tv_nsec - stamp.tv_nsec);
}
} // namespace

Result<PacketSocket> PacketSocket::open(const Interface& interface, std::uint16_t etherType,
                                        std::span<const sock_filter> filter) {
    PacketSocket opened;
    opened.m_interface = interface.index;
    // Bound before a protocol is set, so that nothing of other interfaces comes in meanwhile.
    opened.m_socket.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!opened.m_socket.valid())
        return platform::systemError("open a packet socket on", interface.name, errno, "It needs CAP_NET_RAW");
    if (!filter.empty()) {
        sock_fprog program{};
        program.len = static_cast<unsigned short>(filter.size());
        program.filter = const_cast<sock_filter*>(filter.data()); // the kernel only reads it
        if (::setsockopt(opened.m_socket.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
            return platform::systemError("filter what comes in on", interface.name, errno);
    }
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
    receiveWithAge([&](std::span<const std::uint8_t> frame, Duration) { each(frame); });
}

void PacketSocket::receiveWithAge(const std::function<void(std::span<const std::uint8_t>, Duration age)>& each) {
    std::array<std::uint8_t, maxFrameBytes> buffer{};
    for (int frames = 0; frames < maxFrames; ++frames) {
        sockaddr_ll from{};
        alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(timespec))> stamp{};
        iovec where{buffer.data(), buffer.size()};
        msghdr message{};
        message.msg_name = &from;
        message.msg_namelen = sizeof from;
        message.msg_iov = &where;
        message.msg_iovlen = 1;
        message.msg_control = stamp.data();
        message.msg_controllen = stamp.size();
        const ssize_t count = ::recvmsg(m_socket.get(), &message, 0);
        if (count < 0) return;
        if (from.sll_pkttype == PACKET_OUTGOING) continue;
        each(std::span<const std::uint8_t>(buffer.data(), static_cast<std::size_t>(count)), ageOf(message));
    }
}

Result<void> PacketSocket::wantAge() {
    const int wanted = 1;
    if (::setsockopt(m_socket.get(), SOL_SOCKET, SO_TIMESTAMPNS, &wanted, sizeof wanted) == 0) return {};
    return platform::systemError("have what comes in stamped on", "interface " + std::to_string(m_interface), errno);
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
