// SPDX-License-Identifier: Apache-2.0
// What has happened: the journal in pages, the journal and the state as a stream of events, the flight recording.
#pragma once

#include "control/server/bounds.h"
#include "control/server/counters.h"
#include "control/server/route.h"
#include "ports/outside.h"

#include <functional>

namespace dyad::control {

// All of them outlive the routes. `lastSequence`: of the newest journal entry.
[[nodiscard]] Routes journalRoutes(ports::ServicePort& service, const Bounds& bounds, const Counters& counters,
                                   std::function<std::uint64_t()> lastSequence);

} // namespace dyad::control
