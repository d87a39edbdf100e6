// SPDX-License-Identifier: Apache-2.0
// What an order would do, told before it is given.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <string>

namespace dyad::model {

struct PredictedStep {
    std::string what; // "stop database", "claim the LUNs", "start data"
    Duration takes{0};
    std::size_t samples = 0; // how many earlier ones this comes from
};

} // namespace dyad::model
