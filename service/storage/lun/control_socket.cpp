// SPDX-License-Identifier: Apache-2.0
#include "storage/lun/control_socket.h"

#include "platform/linux/system_error.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>

namespace dyad::storage {

Result<void> ControlSocket::listen(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{"bind the control socket", path, "the path is too long for a socket", "Use a shorter --run-dir."};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    m_listener.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(path.c_str()); // the pid file's lock has shown that no living process serves it
    if (::bind(m_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(m_listener.get(), 4) != 0)
        return platform::systemError("bind the control socket", path, errno);
    return {};
}

void ControlSocket::acceptClient() {
    platform::FileDescriptor fresh(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fresh.valid()) return;
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::getsockopt(fresh.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.uid != 0) return;
    m_client = std::move(fresh);
}

void ControlSocket::serviceClient() {
    std::array<std::uint8_t, maxLunMessageBytes + 1> bytes{};
    for (unsigned i = 0; i < maxControlBatch && m_client.valid(); ++i) {
        const ssize_t got = ::recv(m_client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) return m_client.reset();
        const Result<LunMessage> message = decodeLunMessage(std::span(bytes).first(static_cast<std::size_t>(got)));
        if (!message) {
            std::fprintf(stderr, "dyad-lun: %s; the client is dropped\n", message.error().text().c_str());
            return m_client.reset();
        }
        if (onMessage) onMessage(message.value());
    }
}

void ControlSocket::send(const LunMessage& message) {
    if (!m_client.valid()) return;
    const std::vector<std::uint8_t> bytes = encodeLunMessage(message);
    if (::send(m_client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) m_client.reset();
}

} // namespace dyad::storage
