// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/server/route.h"
#include "ports/truth_port.h"

namespace dyad::control {

// `truth` outlives the routes.
[[nodiscard]] Routes truthRoutes(ports::TruthPort& truth);

} // namespace dyad::control
