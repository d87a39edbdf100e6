// SPDX-License-Identifier: Apache-2.0
#include "network/duplicate_check.h"

#include "network/arp.h"
#include "network/neighbour.h"

namespace dyad::network {

Result<void> DuplicateCheck::start(const Interface& interface, const IpAddress& address, Done done) {
    m_interface = interface;
    m_address = address;
    m_done = std::move(done);
    Result<PacketSocket> socket = PacketSocket::open(interface, address.six ? etherTypeIpv6 : etherTypeArp);
    if (!socket) return socket.error();
    m_socket = std::move(socket).value();
    if (address.six) {
        // The other's probe comes to the solicited-node group, its answer to all nodes.
        if (const Result<void> joined = m_socket->join(hardwareGroup(solicitedNodeGroup(address))); !joined)
            return joined;
        if (const Result<void> joined = m_socket->join({0x33, 0x33, 0, 0, 0, 1}); !joined) return joined;
    }
    m_watch = std::make_unique<QSocketNotifier>(m_socket->descriptor(), QSocketNotifier::Read);
    QObject::connect(m_watch.get(), &QSocketNotifier::activated, m_watch.get(), [this] { listen(); });
    m_next.setTimerType(Qt::PreciseTimer);
    QObject::connect(&m_next, &QTimer::timeout, &m_next, [this] { ask(); });
    m_verdict.setSingleShot(true);
    m_verdict.setTimerType(Qt::PreciseTimer);
    QObject::connect(&m_verdict, &QTimer::timeout, &m_verdict, [this] { judge(); });
    m_next.start(std::chrono::ceil<std::chrono::milliseconds>(duplicateSpacing));
    m_verdict.start(std::chrono::ceil<std::chrono::milliseconds>(duplicateTime));
    ask();
    return {};
}

void DuplicateCheck::ask() {
    if (++m_asked >= duplicateProbes) m_next.stop();
    // A probe that the interface's queue refuses is one that gets lost: that's why there are three.
    if (m_address.six)
        (void)m_socket->send(duplicateSolicitation(m_interface.hardware, m_address));
    else
        (void)m_socket->send(arpProbe(m_interface.hardware, m_address));
}

void DuplicateCheck::listen() {
    std::optional<HardwareAddress> holder;
    m_socket->receive([&](std::span<const std::uint8_t> frame) {
        if (holder) return;
        holder = m_address.six ? neighbourConflict(frame, m_interface.hardware, m_address)
                               : arpConflict(frame, m_interface.hardware, m_address);
    });
    if (holder) finish(holder);
}

// What has come in is read before time is up, and on a host that was too busy to ask, time is not up yet.
void DuplicateCheck::judge() {
    listen();
    if (!m_done) return;
    if (m_asked >= duplicateProbes) return finish({});
    ask();
    m_verdict.start(std::chrono::ceil<std::chrono::milliseconds>(duplicateSpacing));
}

void DuplicateCheck::finish(std::optional<HardwareAddress> holder) {
    m_next.stop();
    m_verdict.stop();
    m_watch->setEnabled(false);
    const Done done = std::exchange(m_done, nullptr);
    if (done) done(holder);
}

} // namespace dyad::network
