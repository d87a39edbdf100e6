// SPDX-License-Identifier: Apache-2.0
// Whether decoded values fit together: every id points at something of the configuration. Only then may an engine go on
// from them. (An event's ids are the engine's own question; that its invariants hold is not looked at: a checksum
// vouches for the recorder.)
#pragma once

#include "recorder/flight/codec.h"

namespace dyad::recorder {

[[nodiscard]] Result<void> validate(const model::Configuration& configuration);
[[nodiscard]] Result<void> validate(const engine::State& state, const model::Configuration& configuration);

} // namespace dyad::recorder
