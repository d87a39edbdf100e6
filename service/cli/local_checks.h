// SPDX-License-Identifier: Apache-2.0
// What this host's own files show; reads small local files only.
#pragma once

#include "cli/arguments.h"
#include "cli/doctor_checks.h"

namespace dyad::cli {

[[nodiscard]] LocalFacts localFacts(const Arguments& arguments, const std::string& stateFolder);

} // namespace dyad::cli
