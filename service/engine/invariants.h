// SPDX-License-Identifier: Apache-2.0
// What must be true at the end of each step, in release builds too. A broken one aborts the service: the heart tells
// the peer, the array keeps the data safe.
#pragma once

#include "engine/state.h"

namespace dyad::engine {
void checkInvariants(const State& state);
} // namespace dyad::engine
