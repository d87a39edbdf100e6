// SPDX-License-Identifier: Apache-2.0
#include "config/init/first_file.h"

#include "config/quoted.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

namespace dyad::config {

namespace {

std::string linksOf(const FirstFile& file, bool own) {
    std::string text = "links = { ";
    for (std::size_t i = 0; i < file.links.size(); ++i)
        text += (i > 0 ? ", " : "") + file.links[i].name + " = " + quoted(own ? file.links[i].own : file.links[i].peer);
    return text + " }\n";
}

bool usable(const InterfaceAddress& address) {
    return !address.loopback && address.up && !address.address.isIpv6 && address.prefixLength < 32;
}

} // namespace

std::string firstText(const FirstFile& file) {
    std::ostringstream out;
    out << "# The configuration of the pair: the same file on both nodes. A change is given to both at once with\n"
           "# `dyad config apply FILE`.\n"
           "[cluster]\n"
        << "name    = " << quoted(file.cluster) << "\nprofile = " << quoted(file.profile)
        << "     # fast | standard | relaxed\n\n[[node]]\nname  = " << quoted(file.own) << '\n'
        << linksOf(file, true) << "[[node]]\nname  = " << quoted(file.peer) << '\n'
        << linksOf(file, false);
    if (!file.gateways.empty()) {
        out << "\n[network]\ngateways = [";
        for (std::size_t i = 0; i < file.gateways.size(); ++i)
            out << (i > 0 ? ", " : "") << quoted(file.gateways[i]);
        out << "]\n";
    }
    if (!file.lunUrl.empty()) out << "\n[[lun]]\nname  = \"array\"\niscsi = " << quoted(file.lunUrl) << '\n';
    out << "\n[[group]]\nname     = " << quoted(file.group) << "\nprefer   = " << quoted(file.own)
        << "\nfailback = \"manual\"\n";
    if (!file.lunUrl.empty())
        out << "\n[[group.resource]]\nname   = \"data\"\ntype   = \"filesystem\"\nlun    = \"array\"\nmount  = "
            << quoted(file.mount) << "\nfstype = " << quoted(file.fstype) << '\n';
    if (!file.postgresqlData.empty())
        out << "\n[[group.resource]]\nname = \"db\"\ntype = \"postgresql\"\ndata = " << quoted(file.postgresqlData)
            << '\n';
    if (!file.command.empty()) {
        out << "\n[[group.resource]]\nname    = \"program\"\ntype    = \"process\"\ncommand = [";
        for (std::size_t i = 0; i < file.command.size(); ++i)
            out << (i > 0 ? ", " : "") << quoted(file.command[i]);
        out << "]\n";
    }
    if (!file.address.empty())
        out << "\n[[group.resource]]\nname    = \"address\"\ntype    = \"address\"\naddress = " << quoted(file.address)
            << '\n';
    return out.str();
}

std::string neighbourOf(const InterfaceAddress& address) {
    NumericAddress other = address.address;
    std::uint8_t& last = other.bytes[3];
    last = last % 2 == 1 ? static_cast<std::uint8_t>(last + 1) : static_cast<std::uint8_t>(last - 1);
    // Not the network itself, not its broadcast address.
    if (other.hostPartIsAll(false, address.prefixLength) || other.hostPartIsAll(true, address.prefixLength) ||
        !address.holds(other))
        last = static_cast<std::uint8_t>(address.address.bytes[3] + (last > address.address.bytes[3] ? -1 : 1));
    char text[16];
    std::snprintf(text, sizeof text, "%u.%u.%u.%u", other.bytes[0], other.bytes[1], other.bytes[2], other.bytes[3]);
    return text;
}

std::vector<FirstLink> proposeLinks(const std::vector<InterfaceAddress>& addresses, const std::string& gateway) {
    const std::optional<NumericAddress> router = parseAddress(gateway);
    std::vector<FirstLink> links;
    std::optional<FirstLink> open;
    std::vector<std::string> seen; // one address per interface
    for (const InterfaceAddress& each : addresses) {
        if (!usable(each) || std::find(seen.begin(), seen.end(), each.interface) != seen.end()) continue;
        seen.push_back(each.interface);
        if (router && !open && each.holds(*router)) {
            open = FirstLink{"public", each.address.text, neighbourOf(each)};
            continue;
        }
        const std::string number = links.empty() ? "" : std::to_string(links.size() + 1);
        links.push_back({"private" + number, each.address.text, neighbourOf(each)});
    }
    if (open) links.push_back(*open);
    return links;
}

Result<std::string> floatingAddressOn(const std::vector<InterfaceAddress>& addresses, const std::string& written) {
    const auto no = [&](const std::string& why, const std::string& remedy) {
        return Error{"use the floating address", written, why, remedy};
    };
    const std::size_t slash = written.find('/');
    const std::optional<NumericAddress> address = parseAddress(written.substr(0, slash));
    if (!address) return no("it is not an address", "write it as 10.77.0.100/24");
    std::optional<std::uint32_t> prefix;
    if (slash != std::string::npos) {
        prefix = parseNumber(written.substr(slash + 1), address->isIpv6 ? 128 : 32);
        if (!prefix) return no("its prefix is no number of bits", "write it as 10.77.0.100/24");
    }
    for (const InterfaceAddress& each : addresses) {
        if (each.loopback || !each.holds(*address)) continue;
        if (each.address.text == address->text)
            return no("it is this host's own address on " + each.interface, "choose one that no host has");
        if (prefix && *prefix != each.prefixLength)
            return no("its prefix is not the one of " + each.text(),
                      "write " + address->text + "/" + std::to_string(each.prefixLength));
        return address->text + "/" + std::to_string(each.prefixLength);
    }
    return no("it is in no subnet of this host: a packet for it would not come here",
              "choose one in the subnet of one of these: " + listOf(addresses));
}

std::string defaultGateway(std::string_view routes) {
    std::istringstream lines{std::string(routes)};
    std::string line;
    std::getline(lines, line); // the heading
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string interface;
        std::string destination;
        std::string gateway;
        words >> interface >> destination >> gateway;
        if (destination != "00000000" || gateway.size() != 8 || gateway == "00000000") continue;
        unsigned bytes[4] = {};
        // In the host's byte order: the last octet first on little-endian hosts.
        if (std::sscanf(gateway.c_str(), "%2x%2x%2x%2x", &bytes[3], &bytes[2], &bytes[1], &bytes[0]) != 4) continue;
        char text[16];
        std::snprintf(text, sizeof text, "%u.%u.%u.%u", bytes[0] & 255, bytes[1] & 255, bytes[2] & 255, bytes[3] & 255);
        return text;
    }
    return "";
}

} // namespace dyad::config
