// SPDX-License-Identifier: Apache-2.0
// One rtnetlink socket: requests with their answers, or a subscription to the kernel's notices.
#pragma once

#include <cstdint>
#include <functional>
#include <linux/netlink.h>
#include <span>
#include <string>

#include "base/result.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::network {

inline constexpr std::size_t netlinkBufferBytes = 32768; // what the kernel fills at most per read of a dump

class NetlinkSocket {
public:
    // `groups`: bits of RTMGRP_*, 0 for requests only. Non-blocking for a subscription.
    [[nodiscard]] static Result<NetlinkSocket> open(std::uint32_t groups);

    [[nodiscard]] int descriptor() const { return m_socket.get(); }

    // Sends `message` (its sequence number and NLM_F_ACK or NLM_F_DUMP are set by the caller) and reads until the
    // acknowledgement or the end of the dump. The value is the kernel's errno: 0 good.
    [[nodiscard]] Result<int> request(const nlmsghdr* message, const std::function<void(const nlmsghdr*)>& each);

    // Reads what has come in, at most `maxReads` datagrams. False: notices were lost (ENOBUFS), so look for yourself.
    [[nodiscard]] bool receive(const std::function<void(const nlmsghdr*)>& each);

private:
    static constexpr int maxReads = 64;
    platform::FileDescriptor m_socket;
};

} // namespace dyad::network
