// SPDX-License-Identifier: Apache-2.0
#include "network/address_watch.h"

#include <algorithm>
#include <linux/rtnetlink.h>

#include "network/netlink_messages.h"

namespace dyad::network {

Result<void> AddressWatch::start(const AssignedAddress& address, bool carrier) {
    stop();
    m_address = address;
    m_carrier = carrier;
    Result<NetlinkSocket> socket = NetlinkSocket::open(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK);
    if (!socket) return socket.error();
    m_socket = std::move(socket).value();
    m_notifier = std::make_unique<QSocketNotifier>(m_socket->descriptor(), QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { read(); });
    return {};
}

void AddressWatch::stop() {
    m_notifier.reset();
    m_socket.reset();
}

void AddressWatch::read() {
    bool removed = false;
    bool carrier = m_carrier;
    const bool complete = m_socket->receive([&](const nlmsghdr* message) {
        AssignedAddress address;
        if (parseAddress(message, address) && address.interface == m_address.interface &&
            address.address == m_address.address)
            removed = message->nlmsg_type == RTM_DELADDR; // taken away and put back at once counts as there
        Interface interface;
        if (parseInterface(message, interface) && interface.index == m_address.interface) carrier = interface.carrier;
    });
    if (!complete) { // some notices were lost: look
        const Result<std::vector<AssignedAddress>> all = listAddresses();
        if (all)
            removed = std::none_of(all.value().begin(), all.value().end(), [&](const AssignedAddress& address) {
                return address.interface == m_address.interface && address.address == m_address.address;
            });
    }
    if (removed) {
        stop();
        if (onRemoved) onRemoved();
        return;
    }
    if (carrier == m_carrier) return;
    m_carrier = carrier;
    if (onCarrier) onCarrier(carrier);
}

} // namespace dyad::network
