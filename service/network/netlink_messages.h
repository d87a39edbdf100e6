// SPDX-License-Identifier: Apache-2.0
// From the kernel's messages to values. False: the message is about something else.
#pragma once

#include <linux/netlink.h>

#include "network/netlink_addresses.h"

namespace dyad::network {

[[nodiscard]] bool parseInterface(const nlmsghdr* message, Interface& interface);   // RTM_NEWLINK, RTM_DELLINK
[[nodiscard]] bool parseAddress(const nlmsghdr* message, AssignedAddress& address); // RTM_NEWADDR, RTM_DELADDR

} // namespace dyad::network
