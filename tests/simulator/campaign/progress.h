// SPDX-License-Identifier: Apache-2.0
// How far a campaign is: one line that renews itself each second on a terminal, a new line every ten elsewhere.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <cstdio>
#include <optional>

namespace dyad::simulator {

class Progress {
public:
    struct State {
        std::uint64_t lives = 0;
        std::optional<std::uint64_t> of; // how many there will be, where that is known
        std::uint64_t takeovers = 0;
        std::uint64_t failures = 0;
        Duration virtualTime{0};
    };

    explicit Progress(std::FILE* to);
    // Says something if it is time to; `last` ends a line that renews itself.
    void tell(const State& state, double seconds, bool last);

private:
    std::FILE* m_to;
    bool m_terminal = false;
    bool m_told = false;
    double m_toldAt = 0;
};

[[nodiscard]] double years(Duration duration);

} // namespace dyad::simulator
