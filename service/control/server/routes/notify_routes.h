// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/server/route.h"
#include "ports/notify_port.h"

namespace dyad::control {

// `notify` outlives the routes.
[[nodiscard]] Routes notifyRoutes(ports::NotifyPort& notify);

} // namespace dyad::control
