// SPDX-License-Identifier: Apache-2.0
// One link as the beat loop sees it: heartbeats go out, heartbeats come in. Behind it a UDP socket (link_socket.h) or a
// serial line (serial_line.h).
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>
#include <span>

namespace dyad::heart {

class LinkPort {
public:
    static constexpr int maxReceivedPerDrain = 512;

    virtual ~LinkPort() = default;

    // Opens the link when it isn't open and the last attempt was long enough ago.
    virtual void ensureOpen(Instant now) = 0;
    [[nodiscard]] virtual bool isOpen() const = 0;
    // Doesn't block; what can't go out now is lost, as on any link.
    virtual void send(Instant now, std::span<const std::uint8_t> datagram) = 0;

    // Reads what waits, at most maxReceivedPerDrain. A datagram longer than the longest heartbeat may be cut, but is
    // still longer than it.
    template <typename Receive>
    void drain(Receive&& receive) {
        for (int i = 0; i < maxReceivedPerDrain; ++i) {
            const std::optional<std::span<const std::uint8_t>> datagram = receiveOne();
            if (!datagram) return;
            receive(*datagram);
        }
    }

protected:
    // Valid until the next call. None: nothing waits.
    [[nodiscard]] virtual std::optional<std::span<const std::uint8_t>> receiveOne() = 0;
};

} // namespace dyad::heart
