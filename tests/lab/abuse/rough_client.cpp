// SPDX-License-Identifier: Apache-2.0
#include "lab/abuse/rough_client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

namespace dyad::lab {
namespace {

sockaddr_in addressOf(const RoughTarget& target) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target.port);
    inet_pton(AF_INET, target.address.c_str(), &address.sin_addr);
    return address;
}

SSL_CTX* context() {
    static SSL_CTX* const made = [] {
        SSL_CTX* fresh = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_verify(fresh, SSL_VERIFY_NONE, nullptr);
        return fresh;
    }();
    return made;
}

} // namespace

void RoughTarget::pause(std::chrono::milliseconds duration) const { std::this_thread::sleep_for(duration); }

int connectSlowly(const RoughTarget& target) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return -1;
    const sockaddr_in address = addressOf(target);
    static_cast<void>(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address)); // later, or never
    return socket;
}

RoughClient::RoughClient(const RoughTarget& target) : m_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (m_socket < 0) {
        target.pause(std::chrono::milliseconds(10));
        return;
    }
    const timeval second{1, 0};
    setsockopt(m_socket, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    setsockopt(m_socket, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    // Thousands of closed connections would leave no ports for new ones.
    const linger reset{1, 0};
    setsockopt(m_socket, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    const sockaddr_in address = addressOf(target);
    if (::connect(m_socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return;
    ::close(m_socket);
    m_socket = -1;
    target.pause(std::chrono::milliseconds(10));
}

RoughClient::~RoughClient() {
    SSL_free(m_tls);
    if (m_socket >= 0) ::close(m_socket);
}

void RoughClient::sendPlain(const std::string& bytes) {
    static_cast<void>(::send(m_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

void RoughClient::waitForEndPlain() {
    char buffer[4096];
    while (::recv(m_socket, buffer, sizeof buffer, 0) > 0) {
    }
}

bool RoughClient::handshake() {
    if (m_socket < 0) return false;
    m_tls = SSL_new(context());
    SSL_set_fd(m_tls, m_socket);
    return SSL_connect(m_tls) == 1;
}

bool RoughClient::send(const std::string& bytes) {
    return m_tls && SSL_write(m_tls, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

bool RoughClient::readSome() {
    char buffer[4096];
    return m_tls && SSL_read(m_tls, buffer, sizeof buffer) > 0;
}

} // namespace dyad::lab
