// SPDX-License-Identifier: Apache-2.0
// Which server a client belongs to, where it is to be the same one each time.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/configuration.h"

namespace dyad::agents {

// Clients are put into so many drawers by a hash of their address, and each drawer belongs to a server.
inline constexpr std::size_t sourceSlots = 512;

// By drawer: the index of its server; nothing where no server serves. `serves` is by server.
//   every server serves:  the drawers are shared out by weight as evenly as they can be
//   one goes:             only its own drawers move, and they are spread over all the others
//   it is back:           it gets just these drawers back
// The same on both nodes: only names, weights and `serves` count.
[[nodiscard]] std::optional<std::vector<std::size_t>> assignSlots(const std::vector<model::PoolServer>& servers,
                                                                  const std::vector<bool>& serves);

} // namespace dyad::agents
