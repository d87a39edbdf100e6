// SPDX-License-Identifier: Apache-2.0
#include "alarms/system_log.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace dyad::alarms {

static_assert(SystemLog::maxLineBytes <= PIPE_BUF);

namespace {

// syslog(3): LOG_CRIT, LOG_WARNING, LOG_NOTICE
int levelOf(model::Severity severity) {
    switch (severity) {
    case model::Severity::Critical: return 2;
    case model::Severity::Warning: return 4;
    case model::Severity::Information: return 5;
    }
    return 5;
}

std::string inOneLine(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    return text;
}

} // namespace

SystemLog SystemLog::standardError() { return {STDERR_FILENO, std::getenv("JOURNAL_STREAM") != nullptr}; }

void SystemLog::write(model::Severity severity, const std::string& text) {
    std::string line = m_withLevels ? "<" + std::to_string(levelOf(severity)) + ">" : "";
    line += "dyad: ";
    line += toText(severity);
    line = inOneLine(line + ": " + text);
    if (line.size() > maxLineBytes - 1) line.resize(maxLineBytes - 1);
    line += '\n';

    // A socket (systemd) can be asked not to wait; a pipe or a terminal that polls writable takes one line without
    // waiting.
    ssize_t sent = ::send(m_descriptor, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == ENOTSOCK) {
        pollfd ready{m_descriptor, POLLOUT, 0};
        if (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 && (ready.revents & (POLLERR | POLLHUP)) == 0)
            sent = ::write(m_descriptor, line.data(), line.size());
    }
    if (sent != static_cast<ssize_t>(line.size())) ++m_dropped;
}

void SystemLog::write(model::Severity severity, const std::string& text, const Fields& fields) {
    if (!m_withLevels || !toJournal(severity, text, fields)) write(severity, text);
}

// The journal's own protocol: one datagram of lines NAME=value.
bool SystemLog::toJournal(model::Severity severity, const std::string& text, const Fields& fields) const {
    sockaddr_un address{};
    if (m_journalSocket.size() >= sizeof address.sun_path) return false;
    address.sun_family = AF_UNIX;
    m_journalSocket.copy(&address.sun_path[0], m_journalSocket.size());
    std::string entry = "SYSLOG_IDENTIFIER=dyad\nPRIORITY=" + std::to_string(levelOf(severity)) + "\nMESSAGE=" +
                        inOneLine(text).substr(0, maxLineBytes) + "\n";
    for (const auto& [name, value] : fields)
        entry += std::string(name) + "=" + inOneLine(value).substr(0, maxLineBytes) + "\n";
    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const ssize_t sent = ::sendto(descriptor, entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(descriptor);
    return sent == static_cast<ssize_t>(entry.size());
}

} // namespace dyad::alarms
