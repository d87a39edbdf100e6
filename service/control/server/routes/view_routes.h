// SPDX-License-Identifier: Apache-2.0
// The state of things: all of it, or one kind of it; metrics; and the one bit that load balancers ask for.
#pragma once

#include "control/server/counters.h"
#include "control/server/route.h"
#include "ports/outside.h"

#include <functional>

namespace dyad::control {

// All of them outlive the routes. `lastSequence`: of the newest journal entry.
[[nodiscard]] Routes viewRoutes(ports::ServicePort& service, const Counters& counters,
                                std::function<std::uint64_t()> lastSequence, std::string version);

} // namespace dyad::control
