// SPDX-License-Identifier: Apache-2.0
// What the node remembers: incidents, entries of the journal by the time of day, durations, audit.
#pragma once

#include "control/server/route.h"
#include "ports/history_port.h"

#include <functional>
#include <string>

namespace dyad::control {

// Writes into the journal that the next order for this group is a drill; false: there is no such group.
using AnnounceDrill = std::function<bool(const std::string& group, const std::string& who)>;

// `history` outlives the routes; `node` is this node's name.
[[nodiscard]] Routes historyRoutes(ports::HistoryPort& history, const std::string& node, AnnounceDrill announce);

} // namespace dyad::control
