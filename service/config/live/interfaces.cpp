// SPDX-License-Identifier: Apache-2.0
#include "config/live/interfaces.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

namespace dyad::config {

namespace {

unsigned onesIn(const std::uint8_t* bytes, std::size_t count) {
    unsigned ones = 0;
    for (std::size_t i = 0; i < count; ++i)
        ones += static_cast<unsigned>(std::popcount(bytes[i]));
    return ones;
}

std::optional<NumericAddress> numeric(const sockaddr* address) {
    char text[INET6_ADDRSTRLEN] = {};
    if (address->sa_family == AF_INET)
        ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
    else if (address->sa_family == AF_INET6)
        ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
    else
        return std::nullopt;
    return parseAddress(text);
}

} // namespace

bool InterfaceAddress::holds(const NumericAddress& other) const {
    if (other.isIpv6 != address.isIpv6) return false;
    for (unsigned bit = 0; bit < prefixLength; ++bit) {
        const std::uint8_t mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
        if ((address.bytes[bit / 8] & mask) != (other.bytes[bit / 8] & mask)) return false;
    }
    return true;
}

std::string InterfaceAddress::text() const {
    return interface + " (" + address.text + "/" + std::to_string(prefixLength) + (up ? "" : ", down") + ")";
}

std::vector<InterfaceAddress> interfaceAddresses() {
    std::vector<InterfaceAddress> found;
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) != 0) return found;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &::freeifaddrs);
    for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_netmask == nullptr) continue;
        const std::optional<NumericAddress> address = numeric(entry->ifa_addr);
        if (!address) continue;
        InterfaceAddress each;
        each.interface = entry->ifa_name;
        each.address = *address;
        each.prefixLength =
            address->isIpv6
                ? onesIn(reinterpret_cast<const sockaddr_in6*>(entry->ifa_netmask)->sin6_addr.s6_addr, 16)
                : onesIn(reinterpret_cast<const std::uint8_t*>(
                             &reinterpret_cast<const sockaddr_in*>(entry->ifa_netmask)->sin_addr),
                         4);
        each.up = (entry->ifa_flags & IFF_UP) != 0;
        each.carrier = (entry->ifa_flags & IFF_RUNNING) != 0;
        each.loopback = (entry->ifa_flags & IFF_LOOPBACK) != 0;
        found.push_back(std::move(each));
    }
    return found;
}

bool interfaceExists(const std::string& name) { return ::if_nametoindex(name.c_str()) != 0; }

std::string listOf(const std::vector<InterfaceAddress>& addresses) {
    std::string text;
    for (const InterfaceAddress& each : addresses)
        if (!each.loopback && !each.address.isLinkLocalIpv6()) text += (text.empty() ? "" : ", ") + each.text();
    return text.empty() ? "none but loopback" : text;
}

} // namespace dyad::config
