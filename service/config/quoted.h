// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dyad::config {

// As TOML writes a text: in quotes, with what must be escaped escaped.
[[nodiscard]] std::string quoted(const std::string& text);

} // namespace dyad::config
