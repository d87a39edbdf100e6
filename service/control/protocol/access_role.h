// SPDX-License-Identifier: Apache-2.0
// What a token allows.
#pragma once

#include <cstdint>

namespace dyad::control {

// Each may do what the ones before it may. None: everybody, without a token.
enum class AccessRole : std::uint8_t { None, Viewer, Operator, Admin };
[[nodiscard]] const char* toText(AccessRole role);

} // namespace dyad::control
