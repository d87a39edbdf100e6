// SPDX-License-Identifier: Apache-2.0
// One sentence on an incident, in the operator's words.
#pragma once

#include "model/history.h"

#include <string>

namespace dyad::recorder {

// `detail`: what the deciding row told in brackets; where it is empty and a headline stands already, its detail stays.
// `refusals`: how often a failover was refused.
[[nodiscard]] std::string headlineOf(const model::Incident& incident, const std::string& peer,
                                     const std::string& detail = {}, unsigned refusals = 0);

} // namespace dyad::recorder
