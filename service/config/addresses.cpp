// SPDX-License-Identifier: Apache-2.0
#include "config/addresses.h"

#include <algorithm>
#include <arpa/inet.h>

namespace dyad::config {

namespace {
constexpr std::size_t maxAddressText = 64;
constexpr std::size_t maxInterfaceName = 15;
} // namespace

bool NumericAddress::isUnspecified() const {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

bool NumericAddress::isMulticast() const { return isIpv6 ? bytes[0] == 0xff : (bytes[0] & 0xf0) == 0xe0; }

bool NumericAddress::isBroadcast() const {
    return !isIpv6 && std::all_of(bytes.begin(), bytes.begin() + 4, [](std::uint8_t byte) { return byte == 0xff; });
}

bool NumericAddress::isLinkLocalIpv6() const { return isIpv6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80; }

bool NumericAddress::hostPartIsAll(bool ones, unsigned prefixLength) const {
    const unsigned bits = isIpv6 ? 128 : 32;
    for (unsigned bit = prefixLength; bit < bits; ++bit)
        if (((bytes[bit / 8] >> (7 - bit % 8)) & 1) != (ones ? 1 : 0)) return false;
    return true;
}

std::optional<NumericAddress> parseAddress(std::string_view text) {
    if (text.empty() || text.size() > maxAddressText) return std::nullopt;
    NumericAddress address;
    if (const std::size_t percent = text.find('%'); percent != std::string_view::npos) {
        address.zone = text.substr(percent + 1);
        text = text.substr(0, percent);
        if (!isInterfaceName(address.zone)) return std::nullopt;
    }
    const std::string plain(text);
    char spelled[INET6_ADDRSTRLEN] = "";
    if (inet_pton(AF_INET, plain.c_str(), address.bytes.data()) == 1) {
        if (!address.zone.empty()) return std::nullopt;
        inet_ntop(AF_INET, address.bytes.data(), spelled, sizeof spelled);
        address.text = spelled;
        return address;
    }
    address.bytes.fill(0);
    if (inet_pton(AF_INET6, plain.c_str(), address.bytes.data()) != 1) return std::nullopt;
    address.isIpv6 = true;
    if (!address.zone.empty() && !address.isLinkLocalIpv6()) return std::nullopt;
    inet_ntop(AF_INET6, address.bytes.data(), spelled, sizeof spelled);
    address.text = spelled;
    if (!address.zone.empty()) address.text += "%" + address.zone;
    return address;
}

std::string Endpoint::text() const {
    return (address.isIpv6 ? "[" + address.text + "]" : address.text) + ":" + std::to_string(port);
}

std::optional<Endpoint> parseEndpoint(std::string_view text, std::uint16_t otherwisePort) {
    std::string_view host = text;
    std::string_view port;
    bool hasPort = false;
    if (!text.empty() && text.front() == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        if (!rest.empty()) {
            if (rest.front() != ':') return std::nullopt;
            port = rest.substr(1);
            hasPort = true;
        }
        if (host.find(':') == std::string_view::npos) return std::nullopt; // brackets are for IPv6 alone
    } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
        hasPort = true;
        if (host.find(':') != std::string_view::npos)
            return std::nullopt; // IPv6 without brackets: where would the port begin?
    }
    const std::optional<NumericAddress> address = parseAddress(host);
    if (!address) return std::nullopt;
    if (!hasPort) return otherwisePort > 0 ? std::optional(Endpoint{*address, otherwisePort}) : std::nullopt;
    const std::optional<std::uint32_t> number = parseNumber(port, 65535);
    if (!number || *number == 0) return std::nullopt;
    return Endpoint{*address, static_cast<std::uint16_t>(*number)};
}

std::optional<std::uint32_t> parseNumber(std::string_view text, std::uint32_t most) {
    if (text.empty() || text.size() > 10) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (value > most) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

bool isUrl(std::string_view url, std::initializer_list<std::string_view> schemes) {
    const std::size_t schemeEnd = url.find("://");
    if (schemeEnd == std::string_view::npos) return false;
    if (std::find(schemes.begin(), schemes.end(), url.substr(0, schemeEnd)) == schemes.end()) return false;
    const std::string_view rest = url.substr(schemeEnd + 3);
    const std::string_view place = rest.substr(0, rest.find_first_of("/?#"));
    const bool bracketed = place.starts_with('[');
    const std::size_t hostEnd = bracketed ? place.find(']') + 1 : place.find(':');
    const std::string_view host = place.substr(0, hostEnd);
    const std::string_view port = host.size() < place.size() ? place.substr(host.size()) : ":80";
    const auto number = parseNumber(port.substr(1), 65535);
    const bool sound = bracketed ? host.size() > 2 && parseAddress(host.substr(1, host.size() - 2)).has_value()
                                 : !host.empty() && host.find('@') == std::string_view::npos;
    return sound && port.front() == ':' && number && *number > 0 &&
           std::none_of(url.begin(), url.end(), [](char each) { return each <= ' ' || each == 0x7f; });
}

bool isInterfaceName(std::string_view text) {
    if (text.empty() || text.size() > maxInterfaceName || text == "." || text == "..") return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return c > ' ' && c < 0x7f && c != '/' && c != '%' && c != ':'; });
}

} // namespace dyad::config
