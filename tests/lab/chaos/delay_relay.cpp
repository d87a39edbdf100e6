// SPDX-License-Identifier: Apache-2.0
#include "lab/chaos/delay_relay.h"

#include "lab/command.h"
#include "lab/host.h"
#include "lab/namespaces.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <linux/if_packet.h>
#include <map>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <random>
#include <set>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dyad::lab {

namespace {

// Frames within one machine have no checksum yet and may be larger than a cable takes: the kernel's own note on that
// travels in front of each.
constexpr std::size_t noteBytes = 10; // struct virtio_net_hdr
constexpr std::size_t maxFrameBytes = noteBytes + 14 + 65536;
constexpr std::size_t maxHeldFrames = 4096; // per direction; more are lost, as in a full queue
constexpr Duration longestNap = 50ms;

using HardwareAddress = std::array<unsigned char, 6>;

Result<int> openPort(const std::string& port) {
    const int handle = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handle < 0) return Error{"listen at the port", port, errnoText(errno), ""};
    const int yes = 1;
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(port.c_str()));
    if (address.sll_ifindex == 0 || setsockopt(handle, SOL_PACKET, PACKET_VNET_HDR, &yes, sizeof yes) != 0 ||
        bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int reason = errno;
        close(handle);
        return Error{"listen at the port", port, errnoText(reason), ""};
    }
    return handle;
}

HardwareAddress addressAt(const std::vector<char>& frame, std::size_t offset) {
    HardwareAddress address{};
    std::memcpy(address.data(), frame.data() + noteBytes + offset, address.size());
    return address;
}

} // namespace

struct DelayRelay::State {
    std::array<int, 2> ports{-1, -1};
    std::array<std::set<HardwareAddress>, 2> behind;               // who was heard at the port
    std::array<std::multimap<Instant, std::vector<char>>, 2> held; // by port that they leave through
    Duration delay{0};
    std::atomic<bool> stop = false;
    std::thread thread;

    void take(std::size_t from) {
        static thread_local std::minstd_rand random;
        std::vector<char> buffer(maxFrameBytes);
        while (true) {
            sockaddr_ll sender{};
            socklen_t length = sizeof sender;
            const ssize_t got =
                recvfrom(ports[from], buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&sender), &length);
            if (got < static_cast<ssize_t>(noteBytes + sizeof(ether_header))) return;
            if (sender.sll_pkttype == PACKET_OUTGOING) continue;
            std::vector<char> frame(buffer.begin(), buffer.begin() + got);
            behind[from].insert(addressAt(frame, 6));
            const HardwareAddress to = addressAt(frame, 0);
            const std::size_t out = 1 - from;
            if ((to[0] & 1) == 0 && !behind[out].contains(to)) continue; // for somebody else on this switch
            if (held[out].size() >= maxHeldFrames) continue;
            const auto further = static_cast<std::int64_t>(random()) % std::max<std::int64_t>(delay.count(), 1);
            held[out].emplace(monotonicNow() + delay + Duration(further), std::move(frame));
        }
    }

    void run() {
        while (!stop) {
            Instant next = monotonicNow() + longestNap;
            for (std::size_t out = 0; out < 2; ++out) {
                const Instant now = monotonicNow();
                while (!held[out].empty() && held[out].begin()->first <= now) {
                    const auto& frame = held[out].begin()->second;
                    [[maybe_unused]] const auto sent = send(ports[out], frame.data(), frame.size(), MSG_DONTWAIT);
                    held[out].erase(held[out].begin());
                }
                if (!held[out].empty()) next = std::min(next, held[out].begin()->first);
            }
            const Duration wait = std::max(Duration(0), next - monotonicNow());
            const timespec timeout{0, static_cast<long>(std::min(wait, longestNap).count())};
            std::array<pollfd, 2> readable{{{ports[0], POLLIN, 0}, {ports[1], POLLIN, 0}}};
            if (ppoll(readable.data(), readable.size(), &timeout, nullptr) <= 0) continue;
            for (std::size_t from = 0; from < 2; ++from) {
                if ((readable[from].revents & POLLIN) != 0) take(from);
                // The cable is gone with its host: nothing to relay any more.
                if ((readable[from].revents & (POLLERR | POLLHUP)) != 0) std::this_thread::sleep_for(longestNap);
            }
        }
    }
};

DelayRelay::DelayRelay(std::unique_ptr<State> state) : m_state(std::move(state)) {}

DelayRelay::~DelayRelay() {
    m_state->stop = true;
    if (m_state->thread.joinable()) m_state->thread.join();
    for (const int port : m_state->ports)
        if (port >= 0) close(port);
}

Result<std::unique_ptr<DelayRelay>> DelayRelay::between(const std::string& port, const std::string& other,
                                                        Duration delay) {
    std::unique_ptr<DelayRelay> relay(new DelayRelay(std::make_unique<State>()));
    State& state = *relay->m_state;
    state.delay = delay;
    std::optional<Error> trouble;
    auto inside = insideNetwork("switch", [&] {
        const std::array<std::string, 2> names{port, other};
        for (std::size_t i = 0; i < 2 && !trouble; ++i) {
            const auto opened = openPort(names[i]);
            if (opened)
                state.ports[i] = opened.value();
            else
                trouble = opened.error();
        }
    });
    if (!inside) return inside.error();
    if (trouble) return *trouble;
    state.thread = std::thread([&state] { state.run(); });
    return relay;
}

} // namespace dyad::lab
