// SPDX-License-Identifier: Apache-2.0
// The pair that a seed is about.
#pragma once

#include "checkers/truth.h"
#include "model/configuration.h"
#include "plan.h"

namespace dyad::simulator {

// Resources of each group: one filesystem per LUN, the database on all of them, the address.
[[nodiscard]] model::Configuration configurationOf(const Options& options);

// Time-outs of the resources: short, so that a life of a minute sees them expire.
inline constexpr Duration startTimeout = 3s;
inline constexpr Duration stopTimeout = 2s;
inline constexpr Duration restartBackoff = 500ms;

} // namespace dyad::simulator
