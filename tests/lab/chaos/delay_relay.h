// SPDX-License-Identifier: Apache-2.0
// A slow cable, where the kernel has no netem: takes every frame that one port of a switch receives for the other one,
// and hands it over later. The switch itself must be told to drop them (network.h, Interference).
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <memory>
#include <string>

namespace dyad::lab {

class DelayRelay {
public:
    // Each frame is held for `delay` up to twice as long; so they also overtake each other. Both ways.
    [[nodiscard]] static Result<std::unique_ptr<DelayRelay>> between(const std::string& port, const std::string& other,
                                                                     Duration delay);
    ~DelayRelay(); // what is still held is lost
    DelayRelay(const DelayRelay&) = delete;
    DelayRelay& operator=(const DelayRelay&) = delete;

    struct State;

private:
    explicit DelayRelay(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace dyad::lab
