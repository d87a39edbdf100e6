// SPDX-License-Identifier: Apache-2.0
// The lab's network: three switches (private, public, storage) in the namespace "switch", and one cable to each of them
// from every host, array and client that has a place on it. A cable's switch end is called HOST-LINK; its other end
// LINK.
#pragma once

#include "base/result.h"

#include <string>
#include <vector>

namespace dyad::lab {

inline constexpr const char* privateLink = "private";
inline constexpr const char* publicLink = "public";
inline constexpr const char* storageLink = "storage";
inline constexpr const char* floatingAddress = "10.77.0.100";
inline constexpr const char* ledgerAddress = "10.77.0.101";
inline constexpr const char* gatewayAddress = "10.77.0.254";
inline constexpr const char* arrayAddress = "10.77.2.9";

// The switches, and the namespaces of the array and the client with their cables.
[[nodiscard]] Result<void> buildNetwork();
// A fresh namespace for a host with its three cables; whatever was left of the old one is dropped.
[[nodiscard]] Result<void> connectHost(const std::string& host);
void disconnectHost(const std::string& host);

// Pulls or plugs cables at the switch end. All of them within well under a millisecond.
[[nodiscard]] Result<void> setCables(const std::vector<std::string>& ports, bool plugged);
[[nodiscard]] Result<void> pullCable(const std::string& host, const std::string& link);
[[nodiscard]] std::vector<std::string> portsOf(const std::string& host);
[[nodiscard]] std::string portName(const std::string& host, const std::string& link);

// What the switches throw away between two ports; added to what was there before.
struct Interference {
    std::string fromPort;
    std::string toPort;
    unsigned lossPercent = 100;
};
[[nodiscard]] Result<void> interfere(const std::vector<Interference>& rules);
// The same, in place of all that was there before; at once, with no moment in between.
[[nodiscard]] Result<void> replaceInterference(const std::vector<Interference>& rules);
// Traffic between the two hosts on one link, both ways; everybody else still reaches both.
[[nodiscard]] Result<void> cutBetweenHosts(const std::string& link);
// Nothing is thrown away any more and every cable is plugged.
[[nodiscard]] Result<void> healNetwork();

} // namespace dyad::lab
