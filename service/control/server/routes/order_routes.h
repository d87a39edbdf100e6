// SPDX-License-Identifier: Apache-2.0
// Orders (one route per row of the order table), their preview, and acknowledgement of alarms.
#pragma once

#include "control/server/order_desk.h"
#include "control/server/route.h"
#include "ports/outside.h"

namespace dyad::control {

// Both outlive the routes.
[[nodiscard]] Routes orderRoutes(ports::ServicePort& service, OrderDesk& desk);

} // namespace dyad::control
