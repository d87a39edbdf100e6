// SPDX-License-Identifier: Apache-2.0
#include "network/netlink_socket.h"

#include <array>
#include <cerrno>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <vector>

#include "network/netlink_addresses.h"
#include "platform/linux/monotonic_clock.h"
#include "platform/linux/system_error.h"

namespace dyad::network {

Result<NetlinkSocket> NetlinkSocket::open(std::uint32_t groups) {
    NetlinkSocket opened;
    opened.m_socket.reset(
        ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | (groups != 0 ? SOCK_NONBLOCK : 0), NETLINK_ROUTE));
    if (!opened.m_socket.valid()) return platform::systemError("open", "a netlink socket", errno);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    if (::bind(opened.m_socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        return platform::systemError("bind", "a netlink socket", errno);
    const timeval wait{0, std::chrono::duration_cast<std::chrono::microseconds>(maxNetlinkWait).count()};
    ::setsockopt(opened.m_socket.get(), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return opened;
}

Result<int> NetlinkSocket::request(const nlmsghdr* message, const std::function<void(const nlmsghdr*)>& each) {
    if (::send(m_socket.get(), message, message->nlmsg_len, 0) < 0)
        return platform::systemError("ask", "the kernel by netlink", errno);
    std::vector<char> buffer(netlinkBufferBytes);
    const Instant deadline = platform::monotonicNow() + maxNetlinkWait;
    while (platform::monotonicNow() < deadline) {
        const ssize_t count = ::recv(m_socket.get(), buffer.data(), buffer.size(), 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return platform::systemError("ask", "the kernel by netlink", errno);
        int left = static_cast<int>(count);
        for (auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(header, left);
             header = mnl_nlmsg_next(header, &left)) {
            if (header->nlmsg_seq != message->nlmsg_seq) continue;
            if (header->nlmsg_type == NLMSG_DONE) return 0;
            if (header->nlmsg_type == NLMSG_ERROR)
                return -static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(header))->error;
            each(header);
        }
    }
    return platform::systemError("ask", "the kernel by netlink", ETIMEDOUT);
}

bool NetlinkSocket::receive(const std::function<void(const nlmsghdr*)>& each) {
    std::vector<char> buffer(netlinkBufferBytes);
    for (int reads = 0; reads < maxReads; ++reads) {
        const ssize_t count = ::recv(m_socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (count < 0 && errno == ENOBUFS) return false;
        if (count <= 0) return true;
        int left = static_cast<int>(count);
        for (auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data()); mnl_nlmsg_ok(header, left);
             header = mnl_nlmsg_next(header, &left))
            each(header);
    }
    return true;
}

} // namespace dyad::network
