// SPDX-License-Identifier: Apache-2.0
// "Shall it be done?" Asked only where a person sits at the terminal.
#pragma once

#include <string>

namespace dyad::cli {

[[nodiscard]] bool somebodyIsThere(); // standard input and standard output are a terminal

// Waits for a line. True only for y or yes.
[[nodiscard]] bool askYesOrNo(const std::string& question);
// Waits for a line. True where it is exactly `words`.
[[nodiscard]] bool askToWrite(const std::string& words);

} // namespace dyad::cli
