// SPDX-License-Identifier: Apache-2.0
// An errno as an Error: what was tried, on what, and "No such file or directory (2)".
#pragma once

#include <string>

#include "base/errno_text.h"
#include "base/result.h"

namespace dyad::platform {

[[nodiscard]] Error systemError(std::string tried, std::string on, int number, std::string remedy = {});

} // namespace dyad::platform
