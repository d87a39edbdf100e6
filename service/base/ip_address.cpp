// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <arpa/inet.h>

namespace dyad {

bool IpAddress::sameSubnet(const IpAddress& other, std::uint8_t prefixLength) const {
    if (six != other.six || prefixLength > maxPrefix()) return false;
    for (unsigned bit = 0; bit < prefixLength; ++bit)
        if (((bytes[bit / 8] ^ other.bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0) return false;
    return true;
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return ::inet_ntop(six ? AF_INET6 : AF_INET, bytes.data(), buffer.data(), buffer.size());
}

Result<IpAddress> parseIpAddress(const std::string& text) {
    IpAddress address;
    if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) return address;
    address.six = true;
    if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
    return Error{"read address", text, "it is neither an IPv4 nor an IPv6 address in numbers", {}};
}

} // namespace dyad
