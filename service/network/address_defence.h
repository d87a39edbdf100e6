// SPDX-License-Identifier: Apache-2.0
// Hears who else claims an address that this host holds, and has it announced again.
//
// The picture: an owner stands still, its peer takes the group over and tells every neighbour. When the old owner moves
// again, its kernel asks for a neighbour in the name of the address that it still has, a few milliseconds before the
// service takes it away; whoever hears that sends to the old owner until the holder speaks again. So the holder listens
// as long as it holds the address, and answers such a claim at once.
//
// RFC 5227 section 2.4 (c): the address is never given up because of a packet; who may have it is decided elsewhere, by
// the array. Two hosts that both defend must not fill the network: the distance between two defences grows with each
// claim, and after a minute it is the DEFEND_INTERVAL of section 1.1. RFC 4861 7.2.6 limits advertisements alike.
#pragma once

#include <QSocketNotifier>
#include <QTimer>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/time.h"
#include "network/packet_socket.h"

namespace dyad::network {

inline constexpr Duration shortestDefence = 50ms; // nothing is heard or said for so long after a defence
inline constexpr Duration calmDefence = 1s;
inline constexpr unsigned calmDefences = 60; // a second each; then:
inline constexpr Duration defendInterval = 10s;
inline constexpr Duration conflictIsOver = 30s; // without a claim
// What waited longer than this in the socket shows that this host stood still, too: the address may be somebody else's
// by now, and whoever decides that needs a moment to take it away.
inline constexpr Duration staleClaim = 100ms;
inline constexpr Duration staleClaimPatience = 250ms;

// After the n-th defence of one conflict.
[[nodiscard]] Duration defenceDistance(unsigned defences);

class AddressDefence {
public:
    AddressDefence();

    std::function<void()> onDefend; // announce it, now
    // With the first claim of a conflict, and again when it has lasted for calmDefences.
    std::function<void(const HardwareAddress& other)> onConflict;

    // Listens until stop(). Between two claims it costs nothing: the kernel throws everything else away. Error: it
    // can't listen; the address can be held all the same.
    Result<void> start(const Interface& interface, const IpAddress& address);
    void stop();

private:
    void listen();
    void defend();
    void goOn();
    void wait(Duration howLong);

    Interface m_interface;
    IpAddress m_address;
    std::optional<PacketSocket> m_socket;
    std::unique_ptr<QSocketNotifier> m_notifier;
    QTimer m_timer;
    std::chrono::steady_clock::time_point m_due; // when the timer was to fire
    std::chrono::steady_clock::time_point m_lastClaim;
    Duration m_deaf{0};      // what is heard next may have been waiting for so long without anybody being late
    bool m_late = false;     // this host stood still while it was deaf
    bool m_claimed = false;  // a claim waits for its answer
    unsigned m_defences = 0; // of this conflict
};

} // namespace dyad::network
