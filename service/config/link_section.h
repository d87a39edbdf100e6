// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"
#include "model/configuration.h"

namespace dyad::config {

// How often a heartbeat goes out, as engine/timeouts.h has it; a test compares.
[[nodiscard]] Duration heartbeatOf(model::Profile profile);

} // namespace dyad::config
