// SPDX-License-Identifier: Apache-2.0
// Manual pages (man(7) macros) from the tree of commands. Pure.
#pragma once

#include "cli/command_tree.h"

#include <string>
#include <vector>

namespace dyad::cli {

struct ManPage {
    std::string file; // "dyad-config-check.1"
    std::string text;
};

// One page for the program and one for each command. `version` stands in the footer.
[[nodiscard]] std::vector<ManPage> manPages(const CommandNode& root, const std::string& version);

} // namespace dyad::cli
