// SPDX-License-Identifier: Apache-2.0
// Asks the network whether anybody has an address, before it is raised.
//
// RFC 5227 section 2.1.1 waits up to a second, sends three probes one to two seconds apart and waits two seconds more:
// four to nine seconds, chosen for a cable that was plugged in this moment, a switch that is still learning its ports
// and hundreds of hosts that are switched on together. Here the host has long been up and speaks through this port all
// the time, and whoever has the address answers an ARP request within a millisecond. So the same three probes are sent
// duplicateSpacing apart and the verdict falls after duplicateTime. What this gives up: a conflict with a host that
// needs longer than that to answer is found only by its announcements. A takeover doesn't ask at all: the array has
// already told who owns the group. RFC 4862's RetransTimer of a second is shortened alike.
#pragma once

#include <QSocketNotifier>
#include <QTimer>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "network/packet_socket.h"

namespace dyad::network {

inline constexpr int duplicateProbes = 3;
inline constexpr Duration duplicateSpacing = 20ms;
inline constexpr Duration duplicateTime = 80ms;

class DuplicateCheck {
public:
    // None: nobody answered.
    using Done = std::function<void(std::optional<HardwareAddress> holder)>;

    // Error: it could not be asked; `done` isn't called then. Else `done` is called once, from the event loop, unless
    // this is destroyed before. It may destroy this.
    [[nodiscard]] Result<void> start(const Interface& interface, const IpAddress& address, Done done);

private:
    void ask();
    void listen();
    void judge();
    void finish(std::optional<HardwareAddress> holder);

    Interface m_interface;
    IpAddress m_address;
    Done m_done;
    std::optional<PacketSocket> m_socket;
    std::unique_ptr<QSocketNotifier> m_watch;
    QTimer m_next;
    QTimer m_verdict;
    int m_asked = 0;
};

} // namespace dyad::network
