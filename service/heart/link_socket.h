// SPDX-License-Identifier: Apache-2.0
// One link's UDP socket: bound to our own address, connected to the peer's, so that the kernel drops what comes from
// anybody else. An address that isn't there (not yet, or no longer) is tried again and again.
//
// A link with a multicast group sends to that group instead, and has a second socket that hears it, connected to the
// peer's address as well. It goes on hearing what is sent to its own address: while the configuration changes, the peer
// may still do so.
#pragma once

#include "heart/link_port.h"
#include "heart/settings.h"
#include "wire/heartbeat.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <functional>

namespace dyad::heart {

class LinkSocket final : public LinkPort {
public:
    static constexpr Duration retryInterval = 250ms;
    // What the kernel may queue for us. Smaller datagrams than the largest heartbeat count with their bookkeeping, so
    // that fewer than maxReceivedPerDrain ever wait.
    static constexpr int receiveBufferBytes = 64 * 1024;
    // So many sends in a row that failed mean that the socket no longer fits the host's addresses.
    static constexpr int maxFailedSends = 25;

    // `onReadable` is called once per arrival; then drain().
    LinkSocket(boost::asio::io_context& context, LinkSettings settings, std::function<void()> onReadable);

    void ensureOpen(Instant now) override;
    [[nodiscard]] bool isOpen() const override { return m_socket.is_open(); }
    void send(Instant now, std::span<const std::uint8_t> datagram) override;

private:
    using Socket = boost::asio::ip::udp::socket;

    // A datagram longer than the longest heartbeat is handed over one byte too long and cut there.
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> receiveOne() override;
    [[nodiscard]] std::optional<std::size_t> receiveFrom(Socket& socket);
    void sendOnce(std::span<const std::uint8_t> datagram, boost::system::error_code& error);
    void open();
    void openGroup(const boost::asio::ip::address& own, const boost::asio::ip::udp::endpoint& peer,
                   boost::system::error_code& error);
    void close();
    void waitReadable(Socket& socket);
    void report(const char* what, const boost::system::error_code& error);

    LinkSettings m_settings;
    Socket m_socket;
    Socket m_groupSocket;                          // hears the group; closed where there is none
    boost::asio::ip::udp::endpoint m_groupAddress; // where heartbeats go, where there is one
    std::function<void()> m_onReadable;
    std::array<std::uint8_t, wire::maxDatagramBytes + 1> m_buffer{};
    Instant m_nextAttempt;
    int m_opened = 0; // how often
    int m_failedSends = 0;
    int m_lastReported = 0; // error number; the same trouble is told once
};

} // namespace dyad::heart
