// SPDX-License-Identifier: Apache-2.0
// Have the interfaces that carry the groups' addresses a carrier? Told by the kernel at once, no polling.
//
// An interface is found by its name or by the address's subnet, and kept by its number from then on: a host that loses
// its own address there still knows which cable is meant. One that could not be found yet says nothing; one that was
// there and is gone has no carrier.
#pragma once

#include <QSocketNotifier>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "network/netlink_addresses.h"
#include "network/netlink_socket.h"

namespace dyad::network {

struct WatchedAddress {
    IpAddress address;
    std::string interface; // empty: the one whose subnet holds the address
};

class CarrierWatch {
public:
    explicit CarrierWatch(std::vector<WatchedAddress> addresses);

    // The names of the interfaces without a carrier, in no order that means anything; not twice the same in a row.
    std::function<void(const std::vector<std::string>& dead)> onChange;

    // Looks, and listens from now on. Error: the kernel can't be listened to.
    Result<void> start();
    [[nodiscard]] const std::vector<std::string>& dead() const { return m_dead; }

private:
    struct Watched {
        WatchedAddress wanted;
        int interface = 0; // 0: not found yet
        std::string name;
    };

    void read();
    void look();

    std::vector<Watched> m_watched;
    std::vector<std::string> m_dead;
    std::optional<NetlinkSocket> m_socket;
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace dyad::network
