// SPDX-License-Identifier: Apache-2.0
// The ways in which people are told of alarms, as the control server sees them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dyad::ports {

struct ChannelState {
    std::string name;
    std::string type;                      // "mail", "webhook", "snmp", "script"
    std::string target;                    // in words
    std::string least;                     // severity
    std::size_t waiting = 0;               // notices that are not delivered yet
    std::int64_t deliveredWallClockMs = 0; // the last one; 0: none since the service started
    std::string trouble;                   // of the last try; empty: it went well
    std::uint64_t delivered = 0;           // since the service started
    std::uint64_t failed = 0;              // tries, since then
};

struct ChannelTrial {
    std::string name;
    bool delivered = false;
    std::string trouble;
    std::int64_t tookMs = 0;
};

class NotifyPort {
public:
    virtual ~NotifyPort() = default;
    [[nodiscard]] virtual std::vector<ChannelState> channels() const = 0;
    // Sends one notice through each channel, beside what waits there, and calls `tried` once, when the last has
    // answered or was given up. False: an earlier trial is still under way, `tried` isn't called.
    [[nodiscard]] virtual bool test(const std::string& who,
                                    std::function<void(const std::vector<ChannelTrial>&)> tried) = 0;
};

} // namespace dyad::ports
