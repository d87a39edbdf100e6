// SPDX-License-Identifier: Apache-2.0
#include "network/echo.h"

#include <algorithm>
#include <cerrno>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/byte_order.h"
#include "platform/linux/system_error.h"

namespace dyad::network {
namespace {

// linux/icmp.h has these two, but can't be included beside net/if.h.
constexpr int optionIcmpFilter = 1;
struct IcmpFilter {
    std::uint32_t blocked; // bit n: type n
};

constexpr std::uint8_t requestType = 8;
constexpr std::uint8_t replyType = 0;
constexpr std::uint8_t requestType6 = 128;
constexpr std::uint8_t replyType6 = 129;

} // namespace

std::uint16_t internetChecksum(std::span<const std::uint8_t> bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        sum += std::uint32_t{bytes[i]} << (i % 2 == 0 ? 8 : 0);
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

EchoMessage echoRequest(bool six, const EchoIdentity& identity, std::uint16_t sequence) {
    EchoMessage message{};
    const std::span<std::uint8_t> bytes(message);
    message[0] = six ? requestType6 : requestType;
    storeBig(bytes.subspan(4), identity.identifier);
    storeBig(bytes.subspan(6), sequence);
    storeBig(bytes.subspan(8), identity.token);
    if (!six) storeBig(bytes.subspan(2), internetChecksum(message));
    return message;
}

std::optional<std::uint16_t> echoReply(bool six, const EchoIdentity& identity, std::span<const std::uint8_t> packet) {
    std::span<const std::uint8_t> message = packet;
    if (!six) {
        if (packet.size() < 20) return {};
        const std::size_t header = std::size_t{packet[0] & 0x0fU} * 4;
        if (header < 20 || packet.size() < header) return {};
        message = packet.subspan(header);
    }
    if (message.size() < EchoMessage{}.size() || message[0] != (six ? replyType6 : replyType) || message[1] != 0)
        return {};
    if (!six && internetChecksum(message) != 0) return {};
    if (loadBig<std::uint16_t>(message.subspan(4)) != identity.identifier ||
        loadBig<std::uint64_t>(message.subspan(8)) != identity.token)
        return {};
    return loadBig<std::uint16_t>(message.subspan(6));
}

Result<platform::FileDescriptor> openEchoSocket(const IpAddress& to, const std::string& zone) {
    platform::FileDescriptor socket(
        ::socket(to.six ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
                 to.six ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP)));
    if (!socket.valid())
        return platform::systemError("open an echo socket to", to.text(), errno, "It needs CAP_NET_RAW");
    int connected = 0;
    if (to.six) {
        icmp6_filter replies{};
        std::fill(std::begin(replies.icmp6_filt), std::end(replies.icmp6_filt), 0xffffffffU); // a set bit blocks
        replies.icmp6_filt[replyType6 / 32] &= ~(1U << replyType6 % 32);
        ::setsockopt(socket.get(), IPPROTO_ICMPV6, ICMP6_FILTER, &replies, sizeof replies);
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        std::copy(to.bytes.begin(), to.bytes.end(), std::begin(address.sin6_addr.s6_addr));
        address.sin6_scope_id = zone.empty() ? 0 : ::if_nametoindex(zone.c_str());
        connected = ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    } else {
        const IcmpFilter replies{~(1U << replyType)};
        ::setsockopt(socket.get(), SOL_RAW, optionIcmpFilter, &replies, sizeof replies);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        std::copy_n(to.bytes.begin(), 4, reinterpret_cast<std::uint8_t*>(&address.sin_addr.s_addr));
        connected = ::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    if (connected != 0) return platform::systemError("open an echo socket to", to.text(), errno);
    return socket;
}

} // namespace dyad::network
