// SPDX-License-Identifier: Apache-2.0
// Whether this host was overloaded while a check waited for its answer. A check that timed out then says nothing about
// what was checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agents/timer.h"
#include "base/time.h"

namespace dyad::agents {

inline constexpr const char* systemPressureFile = "/proc/pressure/cpu";

class HostLoad {
public:
    // `pressureFile`: where the kernel tells how long processes waited for a processor (PSI); it may be absent.
    explicit HostLoad(std::string pressureFile = systemPressureFile);

    void begin(Duration timeout);
    // Ends what begin() began. In words why this host counts as overloaded since then; empty: it does not.
    [[nodiscard]] std::string end();

private:
    void tick();
    [[nodiscard]] std::optional<std::uint64_t> waitedUs() const; // total since boot

    std::string m_pressureFile;
    Instant m_begun;
    Duration m_beat{0};
    Instant m_next; // when the next tick is due
    Duration m_worst{0};
    std::optional<std::uint64_t> m_waitedUs;
    Timer m_timer;
};

} // namespace dyad::agents
