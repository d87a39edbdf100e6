// SPDX-License-Identifier: Apache-2.0
#include "lab/network.h"

#include "lab/command.h"
#include "lab/namespaces.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <net/if.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dyad::lab {

// A host name and a link name together may not be longer than IFNAMSIZ allows (15 letters): "client-private" is 14.
std::string portName(const std::string& host, const std::string& link) { return host + "-" + link; }

namespace {

const std::vector<std::string> links{privateLink, publicLink, storageLink};
// The last byte of a host's IPv4 address, which is also the last group of its IPv6 address.
const std::map<std::string, std::string> hostNumbers{{"alpha", "1"}, {"beta", "2"}};

Result<void> batch(const std::string& network, const std::string& lines) {
    auto result = runWell({"ip", "-batch", "-"}, {.input = lines, .networkNamespace = networkPath(network)});
    if (!result) return result.error();
    return {};
}

Result<void> plugIn(const std::string& host, const std::string& link, const std::vector<std::string>& addresses) {
    const std::string port = portName(host, link);
    auto made = runWell({"ip", "link", "add", port, "type", "veth", "peer", "name", link, "netns", networkPath(host)},
                        {.networkNamespace = networkPath("switch")});
    if (!made) return made.error();
    if (auto joined = batch("switch", "link set " + port + " master " + link + " up\n"); !joined) return joined;
    std::string lines;
    for (const auto& address : addresses)
        lines +=
            "address add " + address + " dev " + link + (address.find(':') != std::string::npos ? " nodad\n" : "\n");
    return batch(host, lines + "link set " + link + " up\n");
}

} // namespace

Result<void> buildNetwork() {
    for (const char* name : {"switch", "array", "client"})
        if (auto made = makeNetwork(name); !made) return made;
    std::string lines = "link set lo up\n";
    // With an address of its own: else a bridge takes its lowest port's, and the gateway on it would change its address
    // whenever a host comes or goes.
    int number = 0;
    for (const auto& link : links)
        lines += "link add " + link + " address 02:d7:ad:00:00:0" + std::to_string(++number) +
                 " type bridge stp_state 0 forward_delay 0 mcast_snooping 0\nlink set " + link + " up\n";
    lines += std::string("address add ") + gatewayAddress + "/24 dev public\n";
    if (auto made = batch("switch", lines); !made) return made;
    for (const char* name : {"array", "client"})
        if (auto up = batch(name, "link set lo up\n"); !up) return up;
    if (auto plugged = plugIn("array", storageLink, {std::string(arrayAddress) + "/24"}); !plugged) return plugged;
    if (auto plugged = plugIn("client", publicLink, {"10.77.0.50/24"}); !plugged) return plugged;
    return healNetwork();
}

Result<void> connectHost(const std::string& host) {
    disconnectHost(host);
    if (auto made = makeNetwork(host); !made) return made;
    if (auto up = batch(host, "link set lo up\n"); !up) return up;
    const std::string number = hostNumbers.at(host);
    if (auto plugged = plugIn(host, privateLink, {"10.77.1." + number + "/24", "fd77:1::" + number + "/64"}); !plugged)
        return plugged;
    if (auto plugged = plugIn(host, publicLink, {"10.77.0." + number + "/24"}); !plugged) return plugged;
    if (auto plugged = plugIn(host, storageLink, {"10.77.2." + number + "/24"}); !plugged) return plugged;
    return batch(host, std::string("route add default via ") + gatewayAddress + "\n");
}

void disconnectHost(const std::string& host) {
    // A cable goes with either of its ends; the namespace itself may live on until the last socket in it is gone.
    for (const auto& port : portsOf(host))
        [[maybe_unused]] const auto ignored =
            run({"ip", "link", "delete", port}, {.networkNamespace = networkPath("switch")});
    removeNetwork(host);
}

std::vector<std::string> portsOf(const std::string& host) {
    std::vector<std::string> ports;
    for (const auto& link : links)
        ports.push_back(portName(host, link));
    return ports;
}

Result<void> setCables(const std::vector<std::string>& ports, bool plugged) {
    std::optional<Error> trouble;
    const auto entered = insideNetwork("switch", [&] {
        const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        for (const auto& port : ports) {
            ifreq request{};
            std::strncpy(request.ifr_name, port.c_str(), IFNAMSIZ - 1);
            if (ioctl(handle, SIOCGIFFLAGS, &request) != 0) {
                if (!trouble) trouble = Error{"find the cable", port, errnoText(errno), ""};
                continue;
            }
            const int flags = plugged ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
            request.ifr_flags = static_cast<short>(flags);
            if (ioctl(handle, SIOCSIFFLAGS, &request) != 0 && !trouble)
                trouble = Error{plugged ? "plug the cable" : "pull the cable", port, errnoText(errno), ""};
        }
        close(handle);
    });
    if (!entered) return entered;
    if (trouble) return *trouble;
    return {};
}

Result<void> pullCable(const std::string& host, const std::string& link) {
    return setCables({portName(host, link)}, false);
}

namespace {

std::string rulesText(const std::vector<Interference>& rules) {
    std::string lines;
    for (const auto& rule : rules) {
        lines += "add rule bridge dyadlab forward iifname \"" + rule.fromPort + "\" oifname \"" + rule.toPort + "\" ";
        if (rule.lossPercent < 100) lines += "numgen random mod 100 < " + std::to_string(rule.lossPercent) + " ";
        lines += "drop\n";
    }
    return lines;
}

Result<void> applyRules(const std::string& lines) {
    auto applied = runWell({"nft", "-f", "-"}, {.input = lines, .networkNamespace = networkPath("switch")});
    if (!applied) return applied.error();
    return {};
}

} // namespace

Result<void> interfere(const std::vector<Interference>& rules) { return applyRules(rulesText(rules)); }

// One file is one transaction of the kernel.
Result<void> replaceInterference(const std::vector<Interference>& rules) {
    return applyRules("table bridge dyadlab\n"
                      "delete table bridge dyadlab\n"
                      "table bridge dyadlab {\n"
                      "  chain forward { type filter hook forward priority 0; policy accept; }\n"
                      "}\n" +
                      rulesText(rules));
}

Result<void> cutBetweenHosts(const std::string& link) {
    return interfere(
        {{portName("alpha", link), portName("beta", link)}, {portName("beta", link), portName("alpha", link)}});
}

Result<void> healNetwork() {
    if (auto applied = replaceInterference({}); !applied) return applied;
    for (const char* host : {"alpha", "beta"}) {
        if (!std::filesystem::exists(networkPath(host))) continue;
        if (auto plugged = setCables(portsOf(host), true); !plugged) return plugged;
    }
    return setCables({portName("array", storageLink), portName("client", publicLink)}, true);
}

} // namespace dyad::lab
