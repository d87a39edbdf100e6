// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "daemon/configuration/keeper.h"
#include "engine/engine.h"

namespace dyad::daemon {

[[nodiscard]] PairSituation situationOf(const engine::Engine& engine);

} // namespace dyad::daemon
