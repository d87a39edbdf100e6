// SPDX-License-Identifier: Apache-2.0
// Events and actions in the operator's words, for whoever reads a recording. Ids that point nowhere are shown as
// numbers.
#pragma once

#include "engine/action.h"
#include "engine/event.h"
#include "model/configuration.h"

#include <string>

namespace dyad::recorder {

[[nodiscard]] std::string toWords(const engine::Event& event, const model::Configuration& configuration);
[[nodiscard]] std::string toWords(const engine::Action& action, const model::Configuration& configuration);

[[nodiscard]] std::string groupName(model::GroupId group, const model::Configuration& configuration);
[[nodiscard]] std::string lunName(model::LunId lun, const model::Configuration& configuration);
// "erp/db"
[[nodiscard]] std::string resourceName(model::GroupId group, model::ResourceId resource,
                                       const model::Configuration& configuration);

} // namespace dyad::recorder
