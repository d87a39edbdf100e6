// SPDX-License-Identifier: Apache-2.0
#include "lab/abuse/heartbeat_tap.h"

#include "lab/host.h"
#include "lab/namespaces.h"
#include "lab/network.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <ctime>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace dyad::lab {
namespace {

constexpr std::uint16_t heartbeatPort = 7400;

std::int64_t stampOf(const msghdr& message) {
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(const_cast<msghdr*>(&message), each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
        timespec at{};
        std::memcpy(&at, CMSG_DATA(each), sizeof at);
        return at.tv_sec * 1'000'000'000LL + at.tv_nsec;
    }
    return 0;
}

bool isHeartbeat(const unsigned char* packet, std::size_t length) {
    ip header{};
    if (length < sizeof header) return false;
    std::memcpy(&header, packet, sizeof header);
    const std::size_t size = header.ip_hl * 4U;
    udphdr udp{};
    if (header.ip_p != IPPROTO_UDP || length < size + sizeof udp) return false;
    std::memcpy(&udp, packet + size, sizeof udp);
    return ntohs(udp.uh_dport) == heartbeatPort;
}

Result<std::vector<std::int64_t>> intervalsOn(const char* link, Duration howLong) {
    const int socket = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
    if (socket < 0) return Error{"listen to packets", link, std::strerror(errno), ""};
    const int on = 1;
    setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    const timeval patience{0, 100'000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_IP);
    address.sll_ifindex = static_cast<int>(if_nametoindex(link));
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const Error error{"listen to packets", link, std::strerror(errno), ""};
        ::close(socket);
        return error;
    }
    std::vector<std::int64_t> intervals;
    std::int64_t last = 0;
    for (const Instant end = monotonicNow() + howLong; monotonicNow() < end;) {
        std::array<unsigned char, 2048> packet{};
        std::array<char, 256> control{};
        sockaddr_ll from{};
        iovec part{packet.data(), packet.size()};
        msghdr message{};
        message.msg_name = &from;
        message.msg_namelen = sizeof from;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t length = ::recvmsg(socket, &message, 0);
        if (length <= 0 || from.sll_pkttype == PACKET_OUTGOING ||
            !isHeartbeat(packet.data(), static_cast<std::size_t>(length)))
            continue;
        const std::int64_t at = stampOf(message);
        if (last != 0) intervals.push_back(at - last);
        last = at;
    }
    ::close(socket);
    return intervals;
}

} // namespace

Jitter jitterOf(std::vector<std::int64_t> intervals) {
    Jitter jitter;
    jitter.heartbeats = intervals.size();
    if (intervals.empty()) return jitter;
    std::sort(intervals.begin(), intervals.end());
    const auto median = static_cast<double>(intervals[intervals.size() / 2]);
    std::vector<double> distances;
    double sum = 0;
    for (const std::int64_t each : intervals) {
        distances.push_back(std::abs(static_cast<double>(each) - median) / 1e6);
        sum += distances.back();
    }
    std::sort(distances.begin(), distances.end());
    jitter.intervalMs = median / 1e6;
    jitter.meanMs = sum / static_cast<double>(distances.size());
    jitter.p99Ms = distances[distances.size() * 99 / 100];
    jitter.worstMs = distances.back();
    return jitter;
}

Result<Jitter> listenToHeartbeats(const std::string& receiver, Duration howLong) {
    Result<std::vector<std::int64_t>> intervals = std::vector<std::int64_t>();
    const Result<void> inside =
        insideNetwork(receiver, [&] { intervals = intervalsOn(privateLink, howLong); });
    if (!inside) return inside.error();
    if (!intervals) return intervals.error();
    if (intervals.value().size() < 2)
        return Error{"listen to the heartbeats at", receiver, "none arrived", "Look whether both hosts are on"};
    return jitterOf(std::move(intervals.value()));
}

} // namespace dyad::lab
