// SPDX-License-Identifier: Apache-2.0
// The heart, as the shell sees it. Real: heart/client (the board and a wake-up socket).
#pragma once

#include "model/status.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dyad::ports {

struct HeartReport {
    std::vector<model::LinkReport> links; // by LinkId
    model::PeerReport peer;
    Instant beatAt;                  // when the heart last went through its loop
    Duration worstLateness{0};       // largest delay of its own timer since it started
    std::uint64_t rejectedTotal = 0; // datagrams that were not valid, over all links
    std::string rejectedWhy;         // the last reason in words, or empty
};

class HeartPort {
public:
    virtual ~HeartPort() = default;

    // A link changed its liveness or direction, the peer's status or boot changed, or a datagram was rejected for the
    // first time. Not called for each heartbeat.
    std::function<void(const HeartReport&)> onChange;
    std::function<void(const std::string& why)> onDied; // the heart process is gone; it is started again

    // Becomes part of every heartbeat from now on; one is sent at once. Doesn't block.
    virtual void publish(const model::NodeStatus& status) = 0;
    // The latest picture, for people and metrics.
    [[nodiscard]] virtual HeartReport report() const = 0;
    // What this node said of itself before the service was restarted (the heart lived on); none after a boot.
    [[nodiscard]] virtual std::optional<model::NodeStatus> previousStatus() const = 0;
};

} // namespace dyad::ports
