// SPDX-License-Identifier: Apache-2.0
// What a check of a configuration found, and what an apply would do, in words. No input or output here.
#pragma once

#include "model/configuration_report.h"

#include <string>

namespace dyad::cli {

// error: dyad.toml:12: resource ip …; remedy
[[nodiscard]] std::string findingLine(const model::Finding& finding);
// The findings and the plan of each node, line by line; what both nodes find alike is told once.
[[nodiscard]] std::string applyText(const model::ApplyReport& report);
// One line per revision, the newest first.
[[nodiscard]] std::string historyText(const model::ConfigurationPicture& picture);

} // namespace dyad::cli
