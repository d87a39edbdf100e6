// SPDX-License-Identifier: Apache-2.0
#include "network/gateway_watch.h"

#include <algorithm>
#include <array>
#include <sys/random.h>
#include <sys/socket.h>

namespace dyad::network {

namespace {
constexpr int maxRepliesPerRead = 32;
} // namespace

GatewayWatch::GatewayWatch(GatewayTiming timing) : m_timing(timing) {
    m_timer.setTimerType(Qt::PreciseTimer);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { ask(); });
}

Result<std::unique_ptr<GatewayWatch>> GatewayWatch::make(const std::vector<std::string>& gateways,
                                                         GatewayTiming timing) {
    std::unique_ptr<GatewayWatch> made(new GatewayWatch(timing));
    for (const std::string& text : gateways) {
        const std::size_t percent = text.find('%');
        const Result<IpAddress> address = parseIpAddress(text.substr(0, percent));
        if (!address) return address.error();
        auto gateway = std::make_unique<Gateway>();
        gateway->address = address.value();
        gateway->zone = percent == std::string::npos ? "" : text.substr(percent + 1);
        if (::getrandom(&gateway->identity.identifier, sizeof gateway->identity.identifier, 0) < 0 ||
            ::getrandom(&gateway->identity.token, sizeof gateway->identity.token, 0) < 0)
            return Error{"watch gateway", text, "the kernel gave no random number", {}};
        made->m_gateways.push_back(std::move(gateway));
    }
    return made;
}

void GatewayWatch::start() {
    if (m_gateways.empty()) {
        QTimer::singleShot(0, &m_timer, [this] { judge(true); });
        return;
    }
    m_timer.start(std::chrono::ceil<std::chrono::milliseconds>(m_timing.interval));
    for (const auto& gateway : m_gateways)
        send(*gateway);
}

void GatewayWatch::ask() {
    bool anyLeft = false;
    for (const auto& gateway : m_gateways) {
        gateway->unanswered = std::min(gateway->unanswered + 1, m_timing.misses);
        anyLeft = anyLeft || gateway->unanswered < m_timing.misses;
        send(*gateway);
    }
    if (!anyLeft) judge(false);
}

void GatewayWatch::send(Gateway& gateway) {
    if (!gateway.socket.valid()) {
        Result<platform::FileDescriptor> socket = openEchoSocket(gateway.address, gateway.zone);
        if (!socket) return; // no route: one more miss
        gateway.socket = std::move(socket).value();
        gateway.watch = std::make_unique<QSocketNotifier>(gateway.socket.get(), QSocketNotifier::Read);
        QObject::connect(gateway.watch.get(), &QSocketNotifier::activated, gateway.watch.get(),
                         [this, &gateway] { read(gateway); });
    }
    const EchoMessage request = echoRequest(gateway.address.six, gateway.identity, ++gateway.sequence);
    if (::send(gateway.socket.get(), request.data(), request.size(), MSG_NOSIGNAL) >= 0) return;
    // The source address that connect() chose may be gone: choose again next time.
    gateway.watch.reset();
    gateway.socket.reset();
}

void GatewayWatch::read(Gateway& gateway) {
    std::array<std::uint8_t, 512> packet{};
    bool answered = false;
    for (int replies = 0; replies < maxRepliesPerRead; ++replies) {
        const ssize_t count = ::recv(gateway.socket.get(), packet.data(), packet.size(), 0);
        if (count < 0) break;
        const auto sequence =
            echoReply(gateway.address.six, gateway.identity, {packet.data(), static_cast<std::size_t>(count)});
        // An answer to any of the last few requests proves that the way is there; an older one that it was.
        if (sequence && static_cast<std::uint16_t>(gateway.sequence - *sequence) < m_timing.misses) answered = true;
    }
    if (!answered) return;
    gateway.unanswered = 0;
    judge(true);
}

void GatewayWatch::judge(bool reachable) {
    if (m_reachable == reachable) return;
    m_reachable = reachable;
    if (onChange) onChange(reachable);
}

} // namespace dyad::network
