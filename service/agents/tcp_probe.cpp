// SPDX-License-Identifier: Apache-2.0
#include "agents/tcp_probe.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netdb.h>
#include <sys/socket.h>

#include "platform/linux/system_error.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

TcpProbeRunner::TcpProbeRunner(model::TcpProbe settings)
    : m_settings(std::move(settings)), m_deadline([this] { finish(Verdict::Failed, "no answer in time"); }),
      m_soon([this] { finish(m_result.verdict, m_result.detail); }) {}

void TcpProbeRunner::run(Duration timeout, Done done) {
    m_done = std::move(done);
    m_soon.stop();
    m_watch.reset(); // an earlier run that nobody waits for any more
    m_result = begin();
    if (!m_watch) return m_soon.start(Duration(0));
    m_deadline.start(timeout);
}

// Connects. With no watch set afterwards the result stands already.
ProbeResult TcpProbeRunner::begin() {
    addrinfo wanted{};
    wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV; // a name would ask the network, and block
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(m_settings.port);
    const int number = ::getaddrinfo(m_settings.address.c_str(), port.c_str(), &wanted, &found);
    if (number != 0) return {Verdict::CouldNotRun, m_settings.address + " is no numeric address"};
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> address(found, ::freeaddrinfo);

    m_socket.reset(::socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!m_socket.valid()) return {Verdict::CouldNotRun, "no socket: " + errnoText(errno)};
    if (::connect(m_socket.get(), address->ai_addr, address->ai_addrlen) == 0) return {Verdict::Well, "connected"};
    if (errno != EINPROGRESS) return {Verdict::Failed, errnoText(errno)};
    m_watch = std::make_unique<DescriptorWatch>(m_socket.get(), QSocketNotifier::Write, [this] {
        int trouble = 0;
        socklen_t size = sizeof trouble;
        ::getsockopt(m_socket.get(), SOL_SOCKET, SO_ERROR, &trouble, &size);
        finish(trouble == 0 ? Verdict::Well : Verdict::Failed, trouble == 0 ? "connected" : errnoText(trouble));
    });
    return {};
}

void TcpProbeRunner::finish(Verdict verdict, std::string detail) {
    m_deadline.stop();
    m_watch.reset();
    m_socket.reset();
    const std::string where = m_settings.address + " port " + std::to_string(m_settings.port) + ": ";
    const Done done = std::exchange(m_done, nullptr);
    done({verdict, where + detail});
}

} // namespace dyad::agents
