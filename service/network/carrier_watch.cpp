// SPDX-License-Identifier: Apache-2.0
#include "network/carrier_watch.h"

#include <algorithm>
#include <linux/rtnetlink.h>
#include <utility>

namespace dyad::network {

CarrierWatch::CarrierWatch(std::vector<WatchedAddress> addresses) {
    for (WatchedAddress& address : addresses)
        m_watched.push_back({std::move(address), 0, ""});
}

Result<void> CarrierWatch::start() {
    Result<NetlinkSocket> socket = NetlinkSocket::open(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_LINK);
    if (!socket) return socket.error();
    m_socket = std::move(socket).value();
    m_notifier = std::make_unique<QSocketNotifier>(m_socket->descriptor(), QSocketNotifier::Read);
    QObject::connect(m_notifier.get(), &QSocketNotifier::activated, m_notifier.get(), [this] { read(); });
    look();
    return {};
}

// A notice only says that it is time to look: the kernel's lists are short, and what they say together is true.
void CarrierWatch::read() {
    (void)m_socket->receive([](const nlmsghdr*) {});
    look();
}

void CarrierWatch::look() {
    const Result<std::vector<Interface>> interfaces = listInterfaces();
    if (!interfaces) return;
    std::vector<std::string> dead;
    for (Watched& watched : m_watched) {
        if (watched.interface == 0)
            if (const Result<Place> place = findPlace(watched.wanted.address, 0, watched.wanted.interface)) {
                watched.interface = place.value().interface.index;
                watched.name = place.value().interface.name;
            }
        if (watched.interface == 0) continue;
        auto found = std::find_if(interfaces.value().begin(), interfaces.value().end(),
                                  [&](const Interface& each) { return each.index == watched.interface; });
        if (found == interfaces.value().end()) // made anew under its name, as drivers do that are loaded again
            found = std::find_if(interfaces.value().begin(), interfaces.value().end(),
                                 [&](const Interface& each) { return each.name == watched.name; });
        const bool there = found != interfaces.value().end();
        if (there) watched.interface = found->index;
        if (there && found->carrier) continue;
        if (std::find(dead.begin(), dead.end(), watched.name) == dead.end()) dead.push_back(watched.name);
    }
    if (dead == m_dead) return;
    m_dead = std::move(dead);
    if (onChange) onChange(m_dead);
}

} // namespace dyad::network
