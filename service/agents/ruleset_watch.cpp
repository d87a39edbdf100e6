// SPDX-License-Identifier: Apache-2.0
#include "agents/ruleset_watch.h"

#include <array>
#include <cerrno>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "platform/linux/system_error.h"

namespace dyad::agents {

namespace {
constexpr int maxMessagesPerCall = 64; // who loads rules without end must not keep the event loop
}

Result<void> RulesetWatch::start(std::function<void()> changed) {
    stop();
    m_socket.reset(::socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_NETFILTER));
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    const int group = NFNLGRP_NFTABLES;
    const bool heard = m_socket.valid() &&
                       ::bind(m_socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 &&
                       ::setsockopt(m_socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0;
    if (!heard) {
        const int number = errno;
        m_socket.reset();
        return platform::systemError("listen for changes of", "nftables", number);
    }
    m_watch =
        std::make_unique<DescriptorWatch>(m_socket.get(), QSocketNotifier::Read, [this, changed = std::move(changed)] {
            // What they say doesn't matter, and what was lost because there were too many of them (ENOBUFS) neither.
            std::array<char, 8192> message{};
            for (int count = 0; count < maxMessagesPerCall; ++count)
                if (::recv(m_socket.get(), message.data(), message.size(), 0) < 0 && errno != ENOBUFS && errno != EINTR)
                    break;
            changed();
        });
    return {};
}

void RulesetWatch::stop() {
    m_watch.reset();
    m_socket.reset();
}

} // namespace dyad::agents
