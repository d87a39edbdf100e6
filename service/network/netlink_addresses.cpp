// SPDX-License-Identifier: Apache-2.0
#include "network/netlink_addresses.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include "network/netlink_messages.h"
#include "network/netlink_socket.h"
#include "platform/linux/system_error.h"

namespace dyad::network {
namespace {

template <typename Item, typename Parse>
Result<std::vector<Item>> dump(int type, const char* what, Parse parse) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(0);
    if (!socket) return socket.error();
    NetlinkRequest request(type, NLM_F_DUMP);
    mnl_nlmsg_put_extra_header(request.header, sizeof(rtgenmsg));
    std::vector<Item> items;
    const Result<int> number = socket.value().request(request.header, [&](const nlmsghdr* message) {
        Item item;
        if (items.size() < maxListed && parse(message, item)) items.push_back(std::move(item));
    });
    if (!number) return number.error();
    if (number.value() != 0) return platform::systemError("list", what, number.value());
    return items;
}

Result<int> change(int type, int flags, const AssignedAddress& wanted, bool kernelAsks = false) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(0);
    if (!socket) return socket.error();
    NetlinkRequest request(type, NLM_F_ACK | flags);
    auto* body = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(request.header, sizeof(ifaddrmsg)));
    body->ifa_family = wanted.address.six ? AF_INET6 : AF_INET;
    body->ifa_prefixlen = wanted.prefixLength;
    body->ifa_scope = RT_SCOPE_UNIVERSE;
    body->ifa_index = static_cast<std::uint32_t>(wanted.interface);
    putAddress(request, IFA_LOCAL, wanted.address);
    putAddress(request, IFA_ADDRESS, wanted.address);
    if (type == RTM_NEWADDR && wanted.address.six) {
        body->ifa_flags = kernelAsks ? 0 : IFA_F_NODAD;
        ifa_cacheinfo lifetime{};
        lifetime.ifa_prefered = 0;
        lifetime.ifa_valid = 0xffffffffU; // for ever
        mnl_attr_put(request.header, IFA_CACHEINFO, sizeof lifetime, &lifetime);
    }
    if (type == RTM_NEWADDR && !wanted.address.six && wanted.prefixLength < 31) {
        IpAddress broadcast = wanted.address;
        for (unsigned bit = wanted.prefixLength; bit < 32; ++bit)
            broadcast.bytes[bit / 8] = static_cast<std::uint8_t>(broadcast.bytes[bit / 8] | (0x80U >> bit % 8));
        putAddress(request, IFA_BROADCAST, broadcast);
    }
    return socket.value().request(request.header, [](const nlmsghdr*) {});
}

std::string describe(const AssignedAddress& address) {
    return address.address.text() + "/" + std::to_string(address.prefixLength) + " on interface " +
           std::to_string(address.interface);
}

} // namespace

bool parseInterface(const nlmsghdr* message, Interface& interface) {
    if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK) return false;
    const auto* body = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    interface.index = body->ifi_index;
    interface.up = (body->ifi_flags & IFF_UP) != 0;
    interface.carrier = (body->ifi_flags & IFF_RUNNING) != 0;
    interface.loopback = (body->ifi_flags & IFF_LOOPBACK) != 0;
    interface.ethernet = body->ifi_type == ARPHRD_ETHER;
    forEachAttribute(message, sizeof *body, [&](const nlattr* attribute) {
        const std::uint16_t size = mnl_attr_get_payload_len(attribute);
        if (mnl_attr_get_type(attribute) == IFLA_IFNAME) interface.name = mnl_attr_get_str(attribute);
        if (mnl_attr_get_type(attribute) == IFLA_ADDRESS && size == interface.hardware.size())
            std::memcpy(interface.hardware.data(), mnl_attr_get_payload(attribute), size);
    });
    return true;
}

bool parseAddress(const nlmsghdr* message, AssignedAddress& address) {
    if (message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) return false;
    const auto* body = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
    if (body->ifa_family != AF_INET && body->ifa_family != AF_INET6) return false;
    address.interface = static_cast<int>(body->ifa_index);
    address.prefixLength = body->ifa_prefixlen;
    address.tentative = (body->ifa_flags & IFA_F_TENTATIVE) != 0;
    address.duplicate = (body->ifa_flags & IFA_F_DADFAILED) != 0;
    address.address.six = body->ifa_family == AF_INET6;
    // IFA_LOCAL is the address itself where there is one; IFA_ADDRESS then the other end of a point-to-point line.
    bool local = false;
    bool found = false;
    forEachAttribute(message, sizeof *body, [&](const nlattr* attribute) {
        const int type = mnl_attr_get_type(attribute);
        const bool isLocal = type == IFA_LOCAL;
        if ((!isLocal && type != IFA_ADDRESS) || (local && !isLocal)) return;
        if (mnl_attr_get_payload_len(attribute) != address.address.used().size()) return;
        std::memcpy(address.address.bytes.data(), mnl_attr_get_payload(attribute), address.address.used().size());
        local = isLocal;
        found = true;
    });
    return found;
}

Result<std::vector<Interface>> listInterfaces() { return dump<Interface>(RTM_GETLINK, "interfaces", parseInterface); }

Result<std::vector<AssignedAddress>> listAddresses() {
    return dump<AssignedAddress>(RTM_GETADDR, "addresses", parseAddress);
}

Result<void> addAddress(const AssignedAddress& address, bool kernelAsks) {
    const Result<int> number = change(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address, kernelAsks);
    if (!number) return number.error();
    if (number.value() != 0 && number.value() != EEXIST)
        return platform::systemError("add address", describe(address), number.value());
    return {};
}

Result<void> removeAddress(const AssignedAddress& address) {
    const Result<int> number = change(RTM_DELADDR, 0, address);
    if (!number) return number.error();
    if (number.value() != 0 && number.value() != EADDRNOTAVAIL && number.value() != ENODEV)
        return platform::systemError("remove address", describe(address), number.value());
    return {};
}

Result<Place> findPlace(const IpAddress& address, std::uint8_t wantedPrefix, const std::string& name) {
    const Result<std::vector<Interface>> interfaces = listInterfaces();
    if (!interfaces) return interfaces.error();
    const Result<std::vector<AssignedAddress>> addresses = listAddresses();
    if (!addresses) return addresses.error();

    // The closest subnet: the one with the longest prefix. Our own address doesn't vouch for itself.
    const Interface* chosen = nullptr;
    std::uint8_t subnetPrefix = 0;
    for (const Interface& interface : interfaces.value()) {
        if (interface.name == name) chosen = &interface;
        if ((!name.empty() && interface.name != name) || interface.loopback) continue;
        for (const AssignedAddress& assigned : addresses.value()) {
            if (assigned.interface != interface.index || assigned.address == address) continue;
            if (!assigned.address.sameSubnet(address, assigned.prefixLength) || assigned.prefixLength <= subnetPrefix)
                continue;
            chosen = &interface;
            subnetPrefix = assigned.prefixLength;
        }
    }
    if (chosen == nullptr && !name.empty())
        return Error{"find interface", name, "there is none of this name", "Correct \"interface\" of the address"};
    if (chosen == nullptr)
        return Error{"find an interface for", address.text(), "no interface has an address in its subnet",
                     "Give the host an address there, or set \"interface\" of the address"};
    if (!chosen->up)
        return Error{"use interface", chosen->name, "it is down", "Bring it up (ip link set " + chosen->name + " up)"};
    const std::uint8_t prefix = wantedPrefix != 0 ? wantedPrefix : subnetPrefix;
    return Place{*chosen, prefix != 0 ? prefix : address.maxPrefix()};
}

} // namespace dyad::network
