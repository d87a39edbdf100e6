// SPDX-License-Identifier: Apache-2.0
// Tells the neighbours, again and again, at which hardware address an IP address is found now.
#pragma once

#include <QTimer>
#include <chrono>
#include <optional>

#include "base/time.h"
#include "network/packet_socket.h"

namespace dyad::network {

// The n-th distance within a burst: 25, 75, 225, 675 ms, then a second each.
[[nodiscard]] Duration announcementDistance(unsigned announcementsSent);

class Announcer {
public:
    Announcer();

    // Opens its socket and announces once before it returns; then `announcements` - 1 times more at growing distances,
    // then every `refresh` (0: never). Error: the first one could not be sent; it goes on trying all the same.
    Result<void> start(const Interface& interface, const IpAddress& address, unsigned announcements, Duration refresh);
    // A new burst in a moment, for a link that came back. Nothing where it isn't started.
    void again();
    // A new burst at once, against somebody else who claims the address.
    void defend();
    void stop();

private:
    Result<void> announce();
    void next();
    void nextAfter(Duration distance);

    Interface m_interface;
    IpAddress m_address;
    unsigned m_announcements = 0;
    unsigned m_sent = 0; // of this burst
    Duration m_refresh{0};
    std::optional<PacketSocket> m_socket;
    QTimer m_timer;
    std::chrono::steady_clock::time_point m_due; // when the timer was to fire
    bool m_late = false;                         // it fired much later, and was set once more
};

} // namespace dyad::network
