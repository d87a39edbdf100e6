// SPDX-License-Identifier: Apache-2.0
// Tells at once when an address is taken away or its interface changes: the kernel's netlink notices, no polling.
#pragma once

#include <QSocketNotifier>
#include <functional>
#include <memory>
#include <optional>

#include "network/netlink_addresses.h"
#include "network/netlink_socket.h"

namespace dyad::network {

class AddressWatch {
public:
    std::function<void()> onRemoved;             // it isn't there any more; the watch has stopped
    std::function<void(bool carrier)> onCarrier; // the interface's cable changed

    Result<void> start(const AssignedAddress& address, bool carrier);
    void stop();

private:
    void read();

    AssignedAddress m_address;
    bool m_carrier = false;
    std::optional<NetlinkSocket> m_socket;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace dyad::network
