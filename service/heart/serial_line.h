// SPDX-License-Identifier: Apache-2.0
// A serial line as a link: the last one that lives when every switch and cable is gone. Raw bytes, 8N1, no flow control
// and no modem lines, so that a null-modem cable of three wires will do.
//
// A line is slow: what is written faster than it carries would wait in the kernel and arrive as old news. So a beat
// goes out only when the one before it has had its time on the line; else it is left out, and the next one says the
// same and more.
//
// Boost.Asio's serial_port neither waits without reading nor reads without waiting, which the beat loop needs to see
// all that has come in before it judges silence; so the device is opened here (termios(3)) and waited for as a
// descriptor.
#pragma once

#include "heart/link_port.h"
#include "heart/serial_frame.h"
#include "heart/settings.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>

namespace dyad::heart {

class SerialLine final : public LinkPort {
public:
    static constexpr Duration retryInterval = 1s;
    // Of one datagram's search: noise without end must not hold the loop.
    static constexpr int maxReadsPerDatagram = 8;

    // `onReadable` is called once per arrival; then drain().
    SerialLine(boost::asio::io_context& context, LinkSettings settings, std::function<void()> onReadable);
    ~SerialLine() override;

    void ensureOpen(Instant now) override;
    [[nodiscard]] bool isOpen() const override { return m_line.is_open(); }
    void send(Instant now, std::span<const std::uint8_t> datagram) override;

private:
    [[nodiscard]] std::optional<std::span<const std::uint8_t>> receiveOne() override;
    [[nodiscard]] bool readMore();
    void open();
    void close();
    void waitReadable();
    void report(const char* what, int error);

    LinkSettings m_settings;
    boost::asio::posix::stream_descriptor m_line;
    std::function<void()> m_onReadable;
    SerialReader m_reader;
    SerialFrame m_frame{};
    std::array<std::uint8_t, 1024> m_bytes{}; // as read
    std::size_t m_next = 0;                   // of them to be taken
    std::size_t m_end = 0;
    Instant m_free; // when what was written has gone out
    Instant m_nextAttempt;
    int m_opened = 0; // how often
    int m_lastReported = 0;
};

} // namespace dyad::heart
