// SPDX-License-Identifier: Apache-2.0
// One link's UDP socket: bound to our own address, connected to the peer's, so that the kernel drops what comes from
// anybody else. An address that isn't there (not yet, or no longer) is tried again and again.
#pragma once

#include "base/time.h"
#include "heart/settings.h"
#include "wire/heartbeat.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <functional>
#include <span>

namespace dyad::heart {

class LinkSocket {
public:
    static constexpr Duration retryInterval = 250ms;
    // What the kernel may queue for us. Smaller datagrams than the largest heartbeat count with their bookkeeping, so
    // that fewer than maxReceivedPerDrain ever wait.
    static constexpr int receiveBufferBytes = 64 * 1024;
    static constexpr int maxReceivedPerDrain = 512;
    // So many sends in a row that failed mean that the socket no longer fits the host's addresses.
    static constexpr int maxFailedSends = 25;

    // `onReadable` is called once per arrival; then drain().
    LinkSocket(boost::asio::io_context& context, LinkSettings settings, std::function<void()> onReadable);

    // Opens the socket when it isn't open and the last attempt was long enough ago.
    void ensureOpen(Instant now);
    [[nodiscard]] bool isOpen() const { return m_socket.is_open(); }
    void send(std::span<const std::uint8_t> datagram);

    // Reads what waits, at most maxReceivedPerDrain. A datagram longer than the longest heartbeat is handed over one
    // byte too long and cut there.
    template <typename Receive>
    void drain(Receive&& receive) {
        for (int i = 0; i < maxReceivedPerDrain; ++i) {
            const std::size_t bytes = receiveOne();
            if (bytes == nothingWaits) return;
            receive(std::span<const std::uint8_t>(m_buffer.data(), bytes));
        }
    }

private:
    static constexpr std::size_t nothingWaits = static_cast<std::size_t>(-1);

    [[nodiscard]] std::size_t receiveOne();
    void open();
    void close();
    void waitReadable();
    void report(const char* what, const boost::system::error_code& error);

    LinkSettings m_settings;
    boost::asio::ip::udp::socket m_socket;
    std::function<void()> m_onReadable;
    std::array<std::uint8_t, wire::maxDatagramBytes + 1> m_buffer{};
    Instant m_nextAttempt;
    int m_opened = 0; // how often
    int m_failedSends = 0;
    int m_lastReported = 0; // error number; the same trouble is told once
};

} // namespace dyad::heart
