// SPDX-License-Identifier: Apache-2.0
// The command line as a tree of plain values: completion and manual pages are made from it, so neither can say anything
// else than the program does.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace dyad::cli {

struct OptionNode {
    std::vector<std::string> names; // "--follow", "-f"; empty: it stands by its place
    std::string place;              // "GROUP", of one that stands by its place
    std::string value;              // "FILE", "TEXT"; empty: it takes none
    std::vector<std::string> choices; // all that it may be; empty: anything
    std::string help;
    std::string byDefault;
    bool required = false;
};

struct CommandNode {
    std::string name; // "dyad", "config", "check"
    std::string path; // "dyad config check"
    std::string help;
    std::vector<OptionNode> options;
    std::vector<CommandNode> commands;
};

[[nodiscard]] CommandNode treeOf(const CLI::App& app, const std::string& before = {});

} // namespace dyad::cli
