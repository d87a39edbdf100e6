// SPDX-License-Identifier: Apache-2.0
#include "network/wire_look.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>

#include "base/byte_order.h"
#include "network/arp.h"
#include "network/neighbour.h"
#include "network/netlink_socket.h"
#include "network/packet_filter.h"
#include "network/packet_socket.h"

namespace dyad::network {
namespace {

constexpr std::uint16_t etherTypeIpv4 = 0x0800;
constexpr std::size_t atIpSource = ethernetHeaderBytes + 12; // RFC 791 3.1
constexpr std::size_t atIpDestination = ethernetHeaderBytes + 16;
constexpr int questions = 2;

// Only IPv4 packets for this address, decided in the kernel.
std::vector<sock_filter> destinationFilter(const IpAddress& address) {
    const auto wanted = loadBig<std::uint32_t>(address.used());
    return {{BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(atIpDestination)},
            {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, wanted},
            {BPF_RET | BPF_K, 0, 0, 64},
            {BPF_RET | BPF_K, 0, 0, 0}};
}

struct Listener {
    WireLook* look = nullptr;
    std::optional<PacketSocket> answers; // ARP, or neighbour discovery
    std::optional<PacketSocket> ip;
};

// RFC 826: "who has it? tell `source`".
ArpFrame question(const WireLook& look) {
    constexpr std::size_t atSenderIp = 28;
    ArpFrame frame = arpProbe(look.interface.hardware, look.address);
    std::copy_n(look.source->bytes.begin(), 4, frame.begin() + atSenderIp);
    return frame;
}

Result<void> ask(Listener& listener) {
    const WireLook& look = *listener.look;
    if (!look.address.six) return listener.answers->send(question(look));
    return listener.answers->send(neighbourQuestion(look.interface.hardware, *look.source, look.address));
}

template <typename Value>
void addOnce(std::vector<Value>& list, const Value& value, bool known) {
    if (!known && list.size() < maxSeenPerAddress) list.push_back(value);
}

Listener listenFor(WireLook& look) {
    Listener listener{&look, {}, {}};
    if (!look.interface.ethernet || !look.interface.carrier) {
        look.trouble = look.interface.ethernet ? "the interface has no link" : "the interface has no ARP";
        return listener;
    }
    if (!look.source || look.source->six != look.address.six) {
        look.trouble = "this host has no address of its own there to ask from";
        return listener;
    }
    const bool six = look.address.six;
    const std::vector<sock_filter> claims = claimFilter(look.interface.hardware, look.address);
    Result<PacketSocket> answers = six ? PacketSocket::open(look.interface, etherTypeIpv6, claims)
                                       : PacketSocket::open(look.interface, etherTypeArp);
    if (!answers) {
        look.trouble = answers.error().text();
        return listener;
    }
    listener.answers = std::move(answers).value();
    if (six || look.heldHere) return listener;
    const std::vector<sock_filter> filter = destinationFilter(look.address);
    if (Result<PacketSocket> ip = PacketSocket::open(look.interface, etherTypeIpv4, filter))
        listener.ip = std::move(ip).value();
    else
        look.trouble = ip.error().text();
    return listener;
}

void take(Listener& listener) {
    WireLook& look = *listener.look;
    const HardwareAddress& own = look.interface.hardware;
    listener.answers->receive([&](std::span<const std::uint8_t> frame) {
        // Both an answer and an announcement of somebody's own say the same.
        if (const auto holder = look.address.six ? neighbourClaim(frame, own, look.address)
                                                 : arpConflict(frame, own, look.address))
            addOnce(look.answers, *holder,
                    std::find(look.answers.begin(), look.answers.end(), *holder) != look.answers.end());
    });
    if (!listener.ip) return;
    listener.ip->receive([&](std::span<const std::uint8_t> frame) {
        if (frame.size() < atIpDestination + 4 || !std::equal(own.begin(), own.end(), frame.begin())) return;
        if (!std::equal(look.address.bytes.begin(), look.address.bytes.begin() + 4,
                        frame.begin() + static_cast<std::ptrdiff_t>(atIpDestination)))
            return;
        WireSender sender;
        std::copy_n(frame.begin() + 6, sender.hardware.size(), sender.hardware.begin());
        std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(atIpSource), 4, sender.address.bytes.begin());
        const bool known = std::any_of(look.sendsHere.begin(), look.sendsHere.end(),
                                       [&](const WireSender& each) { return each.address == sender.address; });
        addOnce(look.sendsHere, sender, known);
    });
}

void parseNeighbour(const nlmsghdr* message, std::vector<Neighbour>& found) {
    if (message->nlmsg_type != RTM_NEWNEIGH || found.size() >= maxListed) return;
    const auto* body = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
    if (body->ndm_family != AF_INET && body->ndm_family != AF_INET6) return;
    if ((body->ndm_state & (NUD_INCOMPLETE | NUD_FAILED | NUD_NOARP)) != 0) return;
    Neighbour neighbour;
    neighbour.interface = body->ndm_ifindex;
    neighbour.address.six = body->ndm_family == AF_INET6;
    bool address = false, hardware = false;
    const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
    const auto* attribute = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, sizeof *body));
    while (mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
        const std::uint16_t size = mnl_attr_get_payload_len(attribute);
        if (mnl_attr_get_type(attribute) == NDA_DST && size == neighbour.address.used().size()) {
            std::memcpy(neighbour.address.bytes.data(), mnl_attr_get_payload(attribute), size);
            address = true;
        }
        if (mnl_attr_get_type(attribute) == NDA_LLADDR && size == neighbour.hardware.size()) {
            std::memcpy(neighbour.hardware.data(), mnl_attr_get_payload(attribute), size);
            hardware = true;
        }
        attribute = mnl_attr_next(attribute);
    }
    if (address && hardware) found.push_back(neighbour);
}

} // namespace

Result<std::vector<Neighbour>> listNeighbours() {
    Result<NetlinkSocket> socket = NetlinkSocket::open(0);
    if (!socket) return socket.error();
    std::array<char, 256> buffer{};
    nlmsghdr* header = mnl_nlmsg_put_header(buffer.data());
    header->nlmsg_type = RTM_GETNEIGH;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = 1;
    mnl_nlmsg_put_extra_header(header, sizeof(ndmsg));
    std::vector<Neighbour> found;
    const Result<int> number =
        socket.value().request(header, [&](const nlmsghdr* message) { parseNeighbour(message, found); });
    if (!number) return number.error();
    return found;
}

void lookAtWire(std::vector<WireLook>& looks) {
    if (looks.size() > maxWireLooks) looks.resize(maxWireLooks);
    // Before anything is asked: an answer may mend what is wrong now.
    if (const Result<std::vector<Neighbour>> neighbours = listNeighbours())
        for (WireLook& look : looks)
            for (const Neighbour& each : neighbours.value())
                if (each.interface == look.interface.index && each.address == look.address)
                    look.neighbour = each.hardware;
    std::vector<Listener> listeners;
    for (WireLook& look : looks)
        listeners.push_back(listenFor(look));
    std::vector<pollfd> waiting;
    for (const Listener& listener : listeners) {
        waiting.push_back({listener.answers ? listener.answers->descriptor() : -1, POLLIN, 0});
        waiting.push_back({listener.ip ? listener.ip->descriptor() : -1, POLLIN, 0});
    }
    const auto began = std::chrono::steady_clock::now();
    for (int asked = 0; asked < questions; ++asked) {
        for (Listener& listener : listeners)
            if (listener.answers)
                if (const auto sent = ask(listener); !sent) listener.look->trouble = sent.error().text();
        const auto until = began + wireLookTime * (asked + 1) / questions;
        for (auto now = std::chrono::steady_clock::now(); now < until; now = std::chrono::steady_clock::now()) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
            if (::poll(waiting.data(), waiting.size(), static_cast<int>(left)) <= 0) continue;
            for (Listener& listener : listeners)
                if (listener.answers) take(listener);
        }
    }
}

} // namespace dyad::network
