// SPDX-License-Identifier: Apache-2.0
// /v1/config: the text and its revisions, check and apply, and what the two nodes say to each other while they apply.
#pragma once

#include "control/server/route.h"
#include "ports/configuration_port.h"

namespace dyad::control {

inline constexpr std::size_t configurationBodyBytes = 3 * 1024 * 1024; // a text of 1 MiB, escaped for JSON

// `port` outlives the routes.
[[nodiscard]] Routes configurationRoutes(ports::ConfigurationPort& port);

} // namespace dyad::control
