// SPDX-License-Identifier: Apache-2.0
// A failure on its way through a pipe from the process that met it.
#pragma once

#include "campaign/outcome.h"

#include <functional>
#include <string>

namespace dyad::simulator {

inline constexpr std::size_t maxFailureTextBytes = 1024; // checker and sentence, each cut to this

// Blocks until the pipe has taken it; false if it can't.
[[nodiscard]] bool writeFailure(int pipe, const Failure& failure);

// Puts records together from what arrives.
class FailureReader {
public:
    // Reads until nothing is there (a pipe that doesn't block) or until the end; false at the end.
    bool read(int pipe, const std::function<void(Failure&&)>& take);

private:
    std::string m_waiting;
};

} // namespace dyad::simulator
