// SPDX-License-Identifier: Apache-2.0
#include "heart/serial_line.h"

#include "base/errno_text.h"
#include "heart/log.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace dyad::heart {

namespace {

constexpr std::array<std::pair<unsigned, speed_t>, 8> speeds{{{9600, B9600},
                                                              {19200, B19200},
                                                              {38400, B38400},
                                                              {57600, B57600},
                                                              {115200, B115200},
                                                              {230400, B230400},
                                                              {460800, B460800},
                                                              {921600, B921600}}};

speed_t speedOf(unsigned rate) {
    for (const auto& [known, speed] : speeds)
        if (known == rate) return speed;
    return B115200;
}

// Raw, 8N1, nobody's terminal. 0, or an error number.
int prepare(int line, unsigned rate) {
    termios mode{};
    if (::tcgetattr(line, &mode) != 0) return errno; // ENOTTY: no line at all
    ::cfmakeraw(&mode);
    mode.c_cflag |= CLOCAL | CREAD;
    mode.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS | HUPCL);
    mode.c_cc[VMIN] = 1; // nothing there is EAGAIN, and an end is an end
    mode.c_cc[VTIME] = 0;
    ::cfsetispeed(&mode, speedOf(rate));
    ::cfsetospeed(&mode, speedOf(rate));
    if (::tcsetattr(line, TCSANOW, &mode) != 0) return errno;
    ::ioctl(line, TIOCEXCL); // no getty beside us; best effort
    ::tcflush(line, TCIOFLUSH);
    return 0;
}

} // namespace

SerialLine::SerialLine(boost::asio::io_context& context, LinkSettings settings, std::function<void()> onReadable)
    : m_settings(std::move(settings)), m_line(context), m_onReadable(std::move(onReadable)) {}

SerialLine::~SerialLine() { close(); }

void SerialLine::report(const char* what, int error) {
    if (error == m_lastReported) return;
    m_lastReported = error;
    logLine("link %s: %s %s: %s", m_settings.name.c_str(), what, m_settings.ownAddress.c_str(),
            errnoText(error).c_str());
}

void SerialLine::ensureOpen(Instant now) {
    if (isOpen() || now < m_nextAttempt) return;
    m_nextAttempt = now + retryInterval;
    open();
}

void SerialLine::open() {
    // Not blocking: else a line without a carrier would hold the open.
    const int line = ::open(m_settings.ownAddress.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line < 0) return report("can't open", errno);
    if (const int trouble = prepare(line, m_settings.serialRate); trouble != 0) {
        ::close(line);
        return report("can't use as a serial line", trouble);
    }
    boost::system::error_code error;
    m_line.assign(line, error);
    if (error) {
        ::close(line);
        return report("can't wait for", error.value());
    }
    m_reader.forget();
    m_next = m_end = 0;
    m_free = Instant();
    ++m_opened;
    if (m_lastReported != 0) logLine("link %s: open", m_settings.name.c_str());
    m_lastReported = 0;
    waitReadable();
}

void SerialLine::close() {
    if (!isOpen()) return;
    // What is still to go out is thrown away: else the kernel would wait for it in close().
    ::tcflush(m_line.native_handle(), TCIOFLUSH);
    boost::system::error_code ignored;
    m_line.close(ignored);
}

void SerialLine::waitReadable() {
    m_line.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this, opened = m_opened](const boost::system::error_code& error) {
                          if (error || opened != m_opened) return; // closed meanwhile
                          m_onReadable();
                          if (isOpen() && opened == m_opened) waitReadable();
                      });
}

void SerialLine::send(Instant now, std::span<const std::uint8_t> datagram) {
    if (!isOpen() || now < m_free) return;
    const std::size_t bytes = toSerialFrame(datagram, m_frame);
    // The other end may be slower than it says, or nobody takes what the kernel holds.
    int waiting = 0;
    if (::ioctl(m_line.native_handle(), TIOCOUTQ, &waiting) == 0 && waiting > static_cast<int>(bytes)) return;
    m_free = now + model::serialTime(bytes, m_settings.serialRate);
    // What is written in part is a broken frame to the peer; the next one begins with a zero.
    if (::write(m_line.native_handle(), m_frame.data(), bytes) >= 0 || errno == EAGAIN || errno == EINTR) return;
    report("can't write to", errno);
    close();
}

bool SerialLine::readMore() {
    if (!isOpen()) return false;
    const ssize_t bytes = ::read(m_line.native_handle(), m_bytes.data(), m_bytes.size());
    if (bytes > 0) {
        m_next = 0;
        m_end = static_cast<std::size_t>(bytes);
        return true;
    }
    if (bytes < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    report("nothing more comes from", bytes < 0 ? errno : EIO); // hung up, or the device is gone
    close();
    return false;
}

std::optional<std::span<const std::uint8_t>> SerialLine::receiveOne() {
    for (int reads = 0;;) {
        while (m_next < m_end)
            if (const auto datagram = m_reader.take(m_bytes[m_next++])) return datagram;
        if (++reads > maxReadsPerDatagram || !readMore()) return std::nullopt;
    }
}

} // namespace dyad::heart
