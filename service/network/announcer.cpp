// SPDX-License-Identifier: Apache-2.0
#include "network/announcer.h"

#include <algorithm>

#include "network/arp.h"
#include "network/neighbour.h"

namespace dyad::network {

namespace {
// An owner that thaws finds out within some ten ms that it has lost its lease; what it announced in between would lead
// its clients astray until the next owner's refresh.
constexpr Duration settleTime = 250ms;
} // namespace

Duration announcementDistance(unsigned announcementsSent) {
    Duration distance = 25ms;
    for (unsigned i = 1; i < announcementsSent && distance < Duration(1s); ++i)
        distance *= 3;
    return std::min(distance, Duration(1s));
}

Announcer::Announcer() {
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { next(); });
}

Result<void> Announcer::start(const Interface& interface, const IpAddress& address, unsigned announcements,
                              Duration refresh) {
    m_interface = interface;
    m_address = address;
    m_announcements = announcements;
    m_refresh = refresh;
    m_sent = 0;
    m_socket.reset();
    if (!interface.ethernet) return {}; // nobody there who would need to know
    Result<PacketSocket> socket = PacketSocket::open(interface, 0);
    if (!socket) return socket.error();
    m_socket = std::move(socket).value();
    const Result<void> first = announce();
    m_sent = 1;
    nextAfter(announcementDistance(m_sent));
    return first;
}

void Announcer::again() {
    if (!m_socket) return;
    m_sent = 0;
    nextAfter(settleTime);
}

void Announcer::defend() {
    if (!m_socket) return;
    (void)announce(); // not sent: the next one comes anyway
    m_sent = 1;
    nextAfter(announcementDistance(m_sent));
}

void Announcer::stop() {
    m_timer.stop();
    m_socket.reset();
}

Result<void> Announcer::announce() {
    if (m_address.six) return m_socket->send(unsolicitedAdvertisement(m_interface.hardware, m_address));
    const Result<void> request = m_socket->send(arpAnnouncement(m_interface.hardware, m_address));
    const Result<void> reply = m_socket->send(arpAnnouncementReply(m_interface.hardware, m_address));
    return request ? reply : request;
}

void Announcer::nextAfter(Duration distance) {
    m_due = std::chrono::steady_clock::now() + distance;
    m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(distance));
}

void Announcer::next() {
    // This host stood still, and the address may be somebody else's by now: whoever decides that takes it away before
    // this comes round again.
    m_late = !m_late && std::chrono::steady_clock::now() - m_due > settleTime;
    if (m_late) return nextAfter(settleTime); // once: a busy host announces late rather than never
    const bool burst = m_sent < m_announcements;
    if (burst || m_refresh > Duration(0)) (void)announce(); // not sent (no carrier): the next one comes anyway
    if (burst) ++m_sent;
    if (m_sent < m_announcements)
        nextAfter(announcementDistance(m_sent));
    else if (m_refresh > Duration(0))
        nextAfter(m_refresh);
}

} // namespace dyad::network
