// SPDX-License-Identifier: Apache-2.0
#include "network/address_defence.h"

#include <algorithm>

#include "network/arp.h"
#include "network/neighbour.h"
#include "network/packet_filter.h"

namespace dyad::network {

namespace {

// A host with two cables to one network may speak for its address with the other card.
bool isOwn(const HardwareAddress& hardware) {
    const Result<std::vector<Interface>> all = listInterfaces();
    return all && std::any_of(all.value().begin(), all.value().end(),
                              [&](const Interface& interface) { return interface.hardware == hardware; });
}

} // namespace

Duration defenceDistance(unsigned defences) {
    if (defences > calmDefences) return defendInterval;
    Duration distance = shortestDefence;
    for (unsigned i = 1; i < defences && distance < calmDefence; ++i)
        distance *= 2;
    return std::min(distance, calmDefence);
}

AddressDefence::AddressDefence() {
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { goOn(); });
}

Result<void> AddressDefence::start(const Interface& interface, const IpAddress& address) {
    stop();
    m_interface = interface;
    m_address = address;
    m_defences = 0;
    m_deaf = Duration(0);
    m_late = m_claimed = false;
    if (!interface.ethernet) return {};
    const std::vector<sock_filter> filter = claimFilter(interface.hardware, address);
    Result<PacketSocket> socket = PacketSocket::open(interface, address.six ? etherTypeIpv6 : etherTypeArp, filter);
    if (!socket) return socket.error();
    m_socket = std::move(socket).value();
    (void)m_socket->wantAge(); // without it a claim that is old isn't noticed: no reason not to listen
    m_notifier = std::make_unique<QSocketNotifier>(m_socket->descriptor(), QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { listen(); });
    return {};
}

void AddressDefence::stop() {
    m_timer.stop();
    m_notifier.reset();
    m_socket.reset();
}

void AddressDefence::listen() {
    std::optional<HardwareAddress> other;
    Duration oldest{0};
    bool nonsense = false; // the wall clock was set back
    bool any = false;
    m_socket->receiveWithAge([&](std::span<const std::uint8_t> frame, Duration age) {
        const auto sender = m_address.six ? neighbourClaim(frame, m_interface.hardware, m_address)
                                          : arpClaim(frame, m_interface.hardware, m_address);
        any = true;
        if (!sender) return;
        other = sender;
        oldest = std::max(oldest, age);
        nonsense = nonsense || age < -staleClaim;
    });
    m_notifier->setEnabled(!any); // whatever comes now waits, and what is too much of it the kernel drops
    if (!any) {
        m_deaf = Duration(0);
        m_late = false;
        return;
    }
    if (!other || isOwn(*other)) return wait(shortestDefence);

    const auto now = std::chrono::steady_clock::now();
    if (now - m_lastClaim > conflictIsOver) m_defences = 0;
    m_lastClaim = now;
    const bool stoodStill = m_late || nonsense || oldest > m_deaf + staleClaim;
    const bool tell = m_defences == 0 || m_defences == calmDefences;
    m_claimed = true;
    if (stoodStill)
        wait(staleClaimPatience);
    else
        defend();
    if (tell && onConflict) onConflict(*other);
}

void AddressDefence::defend() {
    m_claimed = false;
    m_defences = std::min(m_defences + 1, calmDefences + 1);
    wait(defenceDistance(m_defences));
    if (onDefend) onDefend();
}

void AddressDefence::wait(Duration howLong) {
    m_deaf = howLong;
    m_due = std::chrono::steady_clock::now() + howLong;
    m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(howLong));
}

void AddressDefence::goOn() {
    if (m_claimed) return defend();
    m_late = std::chrono::steady_clock::now() - m_due > staleClaim;
    listen();
}

} // namespace dyad::network
