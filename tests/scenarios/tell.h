// SPDX-License-Identifier: Apache-2.0
// What an engine wants, as lines of a trace.
#pragma once

#include "engine/action.h"
#include "model/configuration.h"

#include <functional>
#include <string>

namespace dyad::scenarios {

struct ToldLine {
    std::string group; // name, or empty
    std::string kind;
    std::string text;
};

// Nothing for looks at the keys: there are too many of them.
void tell(const model::Configuration& configuration, const engine::Action& action,
          const std::function<void(const ToldLine&)>& line);

} // namespace dyad::scenarios
