// SPDX-License-Identifier: Apache-2.0
// Waits for what the kernel finds when it asks itself whether somebody has an IPv6 address (RFC 4862 section 5.4). The
// address is tentative so long: nobody can use it. One question and RetransTimer take a second, and the kernel may
// begin up to a second late (MAX_RTR_SOLICITATION_DELAY).
#pragma once

#include <QTimer>
#include <functional>

#include "base/time.h"
#include "network/netlink_addresses.h"
#include "platform/linux/monotonic_clock.h"

namespace dyad::network {

inline constexpr Duration kernelDuplicatePatience = 10s; // no carrier, or a host that asks many times
inline constexpr Duration kernelDuplicateLook = 25ms;

class KernelDuplicateCheck {
public:
    enum class Verdict { Free, Taken, Gone, NotTold };
    using Done = std::function<void(Verdict)>;

    // The address was given to its interface just now. `done` is called once, from the event loop, unless this is
    // destroyed before. It may destroy this.
    void start(const AssignedAddress& address, Done done);

private:
    void look();

    AssignedAddress m_address;
    Done m_done;
    Instant m_until;
    QTimer m_timer;
};

} // namespace dyad::network
