// SPDX-License-Identifier: Apache-2.0
// Completion scripts for the shells, from the tree of commands. Names of groups and nodes are asked of the service while
// the user types (`dyad complete-names`), quickly or not at all. Pure.
#pragma once

#include "cli/command_tree.h"

#include <string>

namespace dyad::cli {

[[nodiscard]] std::string bashCompletion(const CommandNode& root);
[[nodiscard]] std::string zshCompletion(const CommandNode& root);
[[nodiscard]] std::string fishCompletion(const CommandNode& root);

} // namespace dyad::cli
