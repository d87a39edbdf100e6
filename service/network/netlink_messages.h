// SPDX-License-Identifier: Apache-2.0
// From values to the kernel's messages and back. False: the message is about something else.
#pragma once

#include <array>
#include <cstdint>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include "network/netlink_addresses.h"

namespace dyad::network {

struct NetlinkRequest {
    alignas(nlmsghdr) std::array<char, 512> bytes{};
    nlmsghdr* header;

    NetlinkRequest(int type, int flags) : header(mnl_nlmsg_put_header(bytes.data())) {
        header->nlmsg_type = static_cast<std::uint16_t>(type);
        header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
        header->nlmsg_seq = 1; // one socket per request: nothing to mix up
    }
};

inline void putAddress(NetlinkRequest& request, std::uint16_t type, const IpAddress& address) {
    mnl_attr_put(request.header, type, address.used().size(), address.used().data());
}

// libmnl's own loop is a macro that C++ doesn't take.
template <typename Each>
void forEachAttribute(const nlmsghdr* message, std::size_t bodyBytes, Each each) {
    const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
    const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, bodyBytes));
    while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
        each(attribute);
        attribute = mnl_attr_next(attribute);
    }
}

[[nodiscard]] bool parseInterface(const nlmsghdr* message, Interface& interface);   // RTM_NEWLINK, RTM_DELLINK
[[nodiscard]] bool parseAddress(const nlmsghdr* message, AssignedAddress& address); // RTM_NEWADDR, RTM_DELADDR

} // namespace dyad::network
