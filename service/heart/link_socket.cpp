// SPDX-License-Identifier: Apache-2.0
#include "heart/link_socket.h"

#include "heart/log.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/multicast.hpp>

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

// Groups that other programs of this host have joined on other interfaces are none of ours.
void hearOwnGroupsOnly(int socket, bool six) {
    const int no = 0;
    if (six)
        ::setsockopt(socket, IPPROTO_IPV6, IPV6_MULTICAST_ALL, &no, sizeof no);
    else
        ::setsockopt(socket, IPPROTO_IP, IP_MULTICAST_ALL, &no, sizeof no);
}

} // namespace

LinkSocket::LinkSocket(asio::io_context& context, LinkSettings settings, std::function<void()> onReadable)
    : m_settings(std::move(settings)), m_socket(context), m_groupSocket(context), m_onReadable(std::move(onReadable)) {}

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
    if (!error && !m_settings.group.empty()) openGroup(own, udp::endpoint(peer, m_settings.peerPort), error);
    if (error) {
        report("can't be bound to", error);
        return close();
    }
    askForPrecedence(m_socket.native_handle(), own.is_v6());
    m_failedSends = 0;
    ++m_opened;
    if (m_lastReported != 0) logLine("link %s: open", m_settings.name.c_str());
    m_lastReported = 0;
    waitReadable(m_socket);
    if (m_groupSocket.is_open()) waitReadable(m_groupSocket);
}

void LinkSocket::openGroup(const asio::ip::address& own, const udp::endpoint& peer, error_code& error) {
    namespace multicast = asio::ip::multicast;
    auto group = asio::ip::make_address(m_settings.group, error);
    if (!error && group.is_v6() != own.is_v6()) error = asio::error::address_family_not_supported;
    if (error) return;
    // The interface is that of our own address: by IPv4 itself, by IPv6 its zone.
    if (group.is_v6()) {
        auto six = group.to_v6();
        six.scope_id(own.to_v6().scope_id());
        group = six;
    }
    m_groupAddress = udp::endpoint(group, m_settings.peerPort);
    m_socket.set_option(multicast::hops(static_cast<int>(m_settings.ttl)), error);
    if (!error) m_socket.set_option(multicast::enable_loopback(false), error);
    if (!error && group.is_v4()) m_socket.set_option(multicast::outbound_interface(own.to_v4()), error);
    if (!error && group.is_v6())
        m_socket.set_option(multicast::outbound_interface(static_cast<unsigned>(own.to_v6().scope_id())), error);

    if (!error) m_groupSocket.open(group.is_v6() ? udp::v6() : udp::v4(), error);
    if (!error) m_groupSocket.non_blocking(true, error);
    if (!error) m_groupSocket.set_option(asio::socket_base::receive_buffer_size(receiveBufferBytes), error);
    if (!error) m_groupSocket.set_option(asio::socket_base::reuse_address(true), error);
    if (error) return;
    hearOwnGroupsOnly(m_groupSocket.native_handle(), group.is_v6());
    m_groupSocket.bind(udp::endpoint(group, m_settings.ownPort), error);
    if (!error && group.is_v4()) m_groupSocket.set_option(multicast::join_group(group.to_v4(), own.to_v4()), error);
    if (!error && group.is_v6())
        m_groupSocket.set_option(multicast::join_group(group.to_v6(), own.to_v6().scope_id()), error);
    if (!error) m_groupSocket.connect(peer, error);
}

void LinkSocket::close() {
    error_code ignored;
    m_socket.close(ignored);
    m_groupSocket.close(ignored);
}

void LinkSocket::waitReadable(Socket& socket) {
    socket.async_wait(Socket::wait_read, [this, &socket, opened = m_opened](const error_code& error) {
        if (error || opened != m_opened) return; // closed meanwhile; the next opening waits for itself
        m_onReadable();
        if (isOpen() && opened == m_opened) waitReadable(socket);
    });
}

void LinkSocket::sendOnce(std::span<const std::uint8_t> datagram, error_code& error) {
    const auto bytes = asio::buffer(datagram.data(), datagram.size());
    if (m_settings.group.empty())
        m_socket.send(bytes, 0, error);
    else
        m_socket.send_to(bytes, m_groupAddress, 0, error);
}

void LinkSocket::send(Instant, std::span<const std::uint8_t> datagram) {
    if (!isOpen()) return;
    error_code error;
    sendOnce(datagram, error);
    // The peer's host answered an earlier heartbeat with "port unreachable": no heart runs there. The kernel told us
    // that instead of sending this one.
    if (error == asio::error::connection_refused) sendOnce(datagram, error);
    if (!error || error == asio::error::connection_refused) {
        m_failedSends = 0;
        return;
    }
    if (++m_failedSends < maxFailedSends) return;
    report("can't send from", error);
    close();
}

std::optional<std::span<const std::uint8_t>> LinkSocket::receiveOne() {
    std::optional<std::size_t> bytes = receiveFrom(m_socket);
    if (!bytes) bytes = receiveFrom(m_groupSocket);
    if (!bytes) return std::nullopt;
    return std::span<const std::uint8_t>(m_buffer).first(*bytes);
}

std::optional<std::size_t> LinkSocket::receiveFrom(Socket& socket) {
    constexpr int maxPendingErrors = 4; // each report of the network takes one receive to read away
    for (int i = 0; i < maxPendingErrors && socket.is_open(); ++i) {
        error_code error;
        const std::size_t bytes = socket.receive(asio::buffer(m_buffer), 0, error);
        if (!error || error == asio::error::message_size) return error ? m_buffer.size() : bytes;
        if (error == asio::error::would_block || error == asio::error::try_again) return std::nullopt;
    }
    return std::nullopt;
}

} // namespace dyad::heart
