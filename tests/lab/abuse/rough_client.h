// SPDX-License-Identifier: Apache-2.0
// A TLS client without manners: sends what it is told, checks nothing, and gives up on anything that lasts a second.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <openssl/ssl.h>

namespace dyad::lab {

struct RoughTarget {
    const std::string& address;
    std::uint16_t port;
    const std::string& token;
    const std::atomic<bool>& stop;

    [[nodiscard]] bool stopped() const { return stop.load(); }
    void pause(std::chrono::milliseconds duration) const;
};

// A connection on its way; non-blocking, -1 where the host has no more descriptors.
[[nodiscard]] int connectSlowly(const RoughTarget& target);

class RoughClient {
public:
    explicit RoughClient(const RoughTarget& target); // connects; blocks for a second at most
    ~RoughClient();
    RoughClient(const RoughClient&) = delete;
    RoughClient& operator=(const RoughClient&) = delete;

    [[nodiscard]] bool connected() const { return m_socket >= 0; }
    void sendPlain(const std::string& bytes);
    void waitForEndPlain();
    [[nodiscard]] bool handshake();
    // False: the other side has hung up, or takes nothing.
    bool send(const std::string& bytes);
    bool readSome();

private:
    int m_socket = -1;
    SSL* m_tls = nullptr;
};

} // namespace dyad::lab
