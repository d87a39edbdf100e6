// SPDX-License-Identifier: Apache-2.0
#include "heart/link_socket.h"

#include "heart/log.h"

#include <boost/asio/buffer.hpp>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

namespace dyad::heart {

namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace {

constexpr int classOfService = IPTOS_CLASS_CS6; // network control (RFC 4594, 3.2), for both families
constexpr int socketPriority = 6;

// Best effort: a heartbeat without precedence still beats.
void askForPrecedence(int socket, bool six) {
    ::setsockopt(socket, SOL_SOCKET, SO_PRIORITY, &socketPriority, sizeof socketPriority);
    if (six)
        ::setsockopt(socket, IPPROTO_IPV6, IPV6_TCLASS, &classOfService, sizeof classOfService);
    else
        ::setsockopt(socket, IPPROTO_IP, IP_TOS, &classOfService, sizeof classOfService);
}

} // namespace

LinkSocket::LinkSocket(asio::io_context& context, LinkSettings settings, std::function<void()> onReadable)
    : m_settings(std::move(settings)), m_socket(context), m_onReadable(std::move(onReadable)) {}

void LinkSocket::report(const char* what, const error_code& error) {
    if (error.value() == m_lastReported) return;
    m_lastReported = error.value();
    logLine("link %s: %s %s: %s (%d)", m_settings.name.c_str(), what, m_settings.ownAddress.c_str(),
            error.message().c_str(), error.value());
}

void LinkSocket::ensureOpen(Instant now) {
    if (isOpen() || now < m_nextAttempt) return;
    m_nextAttempt = now + retryInterval;
    open();
}

void LinkSocket::open() {
    error_code error;
    // Read anew each time: the zone of a link-local address is an interface that may come and go.
    const auto own = asio::ip::make_address(m_settings.ownAddress, error);
    if (error) return report("no such address", error);
    const auto peer = asio::ip::make_address(m_settings.peerAddress, error);
    if (error) return report("no such address of the peer for", error);

    const udp::endpoint local(own, m_settings.ownPort);
    m_socket.open(local.protocol(), error);
    if (!error) m_socket.non_blocking(true, error);
    if (!error) m_socket.set_option(asio::socket_base::receive_buffer_size(receiveBufferBytes), error);
    if (!error) m_socket.bind(local, error);
    if (!error) m_socket.connect(udp::endpoint(peer, m_settings.peerPort), error);
    if (error) {
        report("can't be bound to", error);
        return close();
    }
    askForPrecedence(m_socket.native_handle(), own.is_v6());
    m_failedSends = 0;
    ++m_opened;
    if (m_lastReported != 0) logLine("link %s: open", m_settings.name.c_str());
    m_lastReported = 0;
    waitReadable();
}

void LinkSocket::close() {
    error_code ignored;
    m_socket.close(ignored);
}

void LinkSocket::waitReadable() {
    m_socket.async_wait(udp::socket::wait_read, [this, opened = m_opened](const error_code& error) {
        if (error || opened != m_opened) return; // closed meanwhile; the next opening waits for itself
        m_onReadable();
        if (isOpen() && opened == m_opened) waitReadable();
    });
}

void LinkSocket::send(std::span<const std::uint8_t> datagram) {
    if (!isOpen()) return;
    error_code error;
    m_socket.send(asio::buffer(datagram.data(), datagram.size()), 0, error);
    // The peer's host answered an earlier heartbeat with "port unreachable": no heart runs there. The kernel told us
    // that instead of sending this one.
    if (error == asio::error::connection_refused)
        m_socket.send(asio::buffer(datagram.data(), datagram.size()), 0, error);
    if (!error || error == asio::error::connection_refused) {
        m_failedSends = 0;
        return;
    }
    if (++m_failedSends < maxFailedSends) return;
    report("can't send from", error);
    close();
}

std::size_t LinkSocket::receiveOne() {
    constexpr int maxPendingErrors = 4; // each report of the network takes one receive to read away
    for (int i = 0; i < maxPendingErrors && isOpen(); ++i) {
        error_code error;
        const std::size_t bytes = m_socket.receive(asio::buffer(m_buffer), 0, error);
        if (!error || error == asio::error::message_size) return error ? m_buffer.size() : bytes;
        if (error == asio::error::would_block || error == asio::error::try_again) return nothingWaits;
    }
    return nothingWaits;
}

} // namespace dyad::heart
