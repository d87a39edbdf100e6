// SPDX-License-Identifier: Apache-2.0
// A first dyad.toml from a few answers. Pure: what this host has is handed in.
#pragma once

#include "base/result.h"
#include "config/live/interfaces.h"

#include <optional>
#include <string>
#include <vector>

namespace dyad::config {

struct FirstLink {
    std::string name;      // "private", "public"
    std::string own;       // numeric, without prefix
    std::string peer;
};

struct FirstFile {
    std::string cluster;
    std::string profile = "standard";
    std::string own;  // name of this node
    std::string peer; // of the other one
    std::vector<FirstLink> links;
    std::vector<std::string> gateways;
    std::string group;
    std::string lunUrl; // iscsi://…; empty: no array
    std::string mount;
    std::string fstype = "ext4";
    std::string postgresqlData;       // empty: no database
    std::vector<std::string> command; // empty: no program
    std::string address;              // floating, with prefix; empty: none
};

// The text of dyad.toml; whether it is a good one, load() says.
[[nodiscard]] std::string firstText(const FirstFile& file);

// One link per interface of this host that has an IPv4 address: the one that leads to the gateway is "public", the
// others are "private", "private2"...; the private ones first. The peer's address is the neighbouring one.
[[nodiscard]] std::vector<FirstLink> proposeLinks(const std::vector<InterfaceAddress>& addresses,
                                                  const std::string& gateway);
// The peer's likely address: .1 and .2 are each other's, else the next one in the subnet.
[[nodiscard]] std::string neighbourOf(const InterfaceAddress& address);

// "10.77.0.100/24" (the prefix may be left out: the subnet's), complete, or why it can't be on this host, with the
// subnets that it could be in.
[[nodiscard]] Result<std::string> floatingAddressOn(const std::vector<InterfaceAddress>& addresses,
                                                    const std::string& written);

// The first IPv4 default gateway of /proc/net/route's text; empty where there is none.
[[nodiscard]] std::string defaultGateway(std::string_view routes);

} // namespace dyad::config
