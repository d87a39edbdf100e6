// SPDX-License-Identifier: Apache-2.0
#include "agents/ping_probe.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <vector>

#include "platform/linux/system_error.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

namespace {

constexpr std::size_t icmpHeader = 8; // type, code, checksum, identifier, sequence
constexpr int maxAnswersPerCall = 16; // a raw socket hears every answer from that host

// RFC 1071
std::uint16_t internetChecksum(const std::vector<std::uint8_t>& bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
        sum += static_cast<std::uint32_t>(bytes[i]) << 8 | bytes[i + 1];
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

} // namespace

PingProbeRunner::PingProbeRunner(model::PingProbe settings)
    : m_settings(std::move(settings)), m_deadline([this] { finish(Verdict::Failed, "no answer in time"); }),
      m_soon([this] { finish(m_result.verdict, m_result.detail); }) {}

void PingProbeRunner::run(Duration timeout, Done done) {
    m_done = std::move(done);
    m_soon.stop();
    m_watch.reset(); // an earlier run that nobody waits for any more
    m_result = begin();
    if (!m_watch) return m_soon.start(Duration(0));
    m_deadline.start(timeout);
}

// Sends. With no watch set afterwards the result stands already.
ProbeResult PingProbeRunner::begin() {
    addrinfo wanted{};
    wanted.ai_flags = AI_NUMERICHOST; // a name would ask the network, and block
    addrinfo* found = nullptr;
    if (::getaddrinfo(m_settings.address.c_str(), nullptr, &wanted, &found) != 0)
        return {Verdict::CouldNotRun, m_settings.address + " is no numeric address"};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> address(found, ::freeaddrinfo);
    m_six = address->ai_family == AF_INET6;
    const int protocol = m_six ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP);
    m_socket.reset(::socket(address->ai_family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
    if (!m_socket.valid()) return {Verdict::CouldNotRun, "no raw socket: " + errnoText(errno)};
    if (::getrandom(m_token.data(), m_token.size(), 0) != static_cast<ssize_t>(m_token.size()))
        return {Verdict::CouldNotRun, "the kernel gave no random number"};
    // Only what comes from there is heard; nothing of it is waited for.
    if (::connect(m_socket.get(), address->ai_addr, address->ai_addrlen) != 0)
        return {Verdict::Failed, errnoText(errno)};
    std::vector<std::uint8_t> request(icmpHeader);
    request[0] = m_six ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
    request[4] = m_token[0]; // identifier
    request[5] = m_token[1];
    request.insert(request.end(), m_token.begin(), m_token.end());
    if (!m_six) { // the kernel reckons that of ICMPv6
        const std::uint16_t sum = internetChecksum(request);
        request[2] = static_cast<std::uint8_t>(sum >> 8);
        request[3] = static_cast<std::uint8_t>(sum & 0xff);
    }
    if (::send(m_socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0)
        return {Verdict::Failed, errnoText(errno)};
    m_watch = std::make_unique<DescriptorWatch>(m_socket.get(), QSocketNotifier::Read, [this] { readAnswers(); });
    return {};
}

void PingProbeRunner::readAnswers() {
    for (int reads = 0; reads < maxAnswersPerCall; ++reads) {
        std::array<std::uint8_t, 2048> bytes{};
        const ssize_t count = ::recv(m_socket.get(), bytes.data(), bytes.size(), 0);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count < 0) return finish(Verdict::Failed, errnoText(errno)); // "no route to host", as a router says it
        // An IPv4 answer comes with its IP header.
        const std::size_t skip = m_six ? 0 : static_cast<std::size_t>(bytes[0] & 0xf) * 4;
        if (static_cast<std::size_t>(count) < skip + icmpHeader + m_token.size()) continue;
        const auto* const icmp = bytes.data() + skip;
        const std::uint8_t reply = m_six ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY;
        if (icmp[0] == reply && std::equal(m_token.begin(), m_token.end(), icmp + icmpHeader))
            return finish(Verdict::Well, "answers");
    }
}

void PingProbeRunner::finish(Verdict verdict, const std::string& detail) {
    m_deadline.stop();
    m_watch.reset();
    m_socket.reset();
    const Done done = std::exchange(m_done, nullptr);
    done({verdict, m_settings.address + ": " + detail});
}

} // namespace dyad::agents
