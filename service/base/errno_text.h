// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dyad {

// "No such file or directory (2)"
[[nodiscard]] std::string errnoText(int number);

} // namespace dyad
