// SPDX-License-Identifier: Apache-2.0
#include "bench/floating_address.h"

#include "lab/command.h"
#include "lab/namespaces.h"
#include "lab/network.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <optional>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr const char* alias = "public:9";

ifreq requestFor(const char* name, const char* address) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (address != nullptr) {
        sockaddr_in numeric{};
        numeric.sin_family = AF_INET;
        inet_pton(AF_INET, address, &numeric.sin_addr);
        std::memcpy(&request.ifr_addr, &numeric, sizeof numeric);
    }
    return request;
}

void announce(int handle) {
    ifreq request = requestFor(publicLink, nullptr);
    if (ioctl(handle, SIOCGIFHWADDR, &request) != 0) return;
    std::array<unsigned char, 6> own{};
    std::memcpy(own.data(), request.ifr_hwaddr.sa_data, own.size());
    const int raw = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ARP));
    std::array<unsigned char, 42> frame{};
    std::memset(frame.data(), 0xff, 6);
    std::memcpy(frame.data() + 6, own.data(), 6);
    const std::array<unsigned char, 10> head{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1}; // ARP, Ethernet, IPv4, request
    std::memcpy(frame.data() + 12, head.data(), head.size());
    in_addr address{};
    inet_pton(AF_INET, floatingAddress, &address);
    std::memcpy(frame.data() + 22, own.data(), 6);
    std::memcpy(frame.data() + 28, &address, 4);
    std::memcpy(frame.data() + 38, &address, 4);
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(publicLink));
    [[maybe_unused]] const auto sent =
        sendto(raw, frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    close(raw);
}

} // namespace

Result<void> raiseAddress(const std::string& host) {
    std::optional<Error> trouble;
    auto inside = insideNetwork(host, [&] {
        const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ifreq address = requestFor(alias, floatingAddress);
        ifreq mask = requestFor(alias, "255.255.255.0");
        if (ioctl(handle, SIOCSIFADDR, &address) != 0 || ioctl(handle, SIOCSIFNETMASK, &mask) != 0)
            trouble = Error{"raise the floating address on", host, errnoText(errno), ""};
        else
            announce(handle);
        close(handle);
    });
    if (!inside) return inside;
    if (trouble) return *trouble;
    return {};
}

void announceAddress(const std::string& host) {
    [[maybe_unused]] const auto inside = insideNetwork(host, [] {
        const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        announce(handle);
        close(handle);
    });
}

void lowerAddress(const std::string& host) {
    [[maybe_unused]] const auto inside = insideNetwork(host, [&] {
        const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        ifreq request = requestFor(alias, nullptr); // an alias that goes down is an address that goes
        [[maybe_unused]] const int done = ioctl(handle, SIOCSIFFLAGS, &request);
        close(handle);
    });
}

} // namespace dyad::bench
