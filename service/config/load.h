// SPDX-License-Identifier: Apache-2.0
// dyad.toml → a validated model::Configuration, or every problem of the file at once, each with its place and remedy.
#pragma once

#include "model/configuration.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::config {

// A larger file is refused unread.
inline constexpr std::size_t maxFileBytes = 1024 * 1024;
// Further problems are counted in one last line.
inline constexpr std::size_t maxProblems = 100;

struct Problem {
    std::string file;    // as given to loadFile or loadText
    unsigned line = 0;   // from 1; 0 where the file as a whole is meant (it can't be read)
    unsigned column = 0; // from 1, in characters; 0 with line 0
    std::string key;     // the key that is wrong or missing; may be empty
    std::string value;   // what stands there, as far as it may be shown (a secret is not)
    std::string text;    // what is wrong, with subject and value
    std::string remedy;  // what to write instead; may be empty
};

// One line: dyad.toml:12:1: group "erp": unknown key "prefr"; did you mean "prefer"?
[[nodiscard]] std::string toText(const Problem& problem);

struct Loaded {
    std::optional<model::Configuration> configuration; // there if and only if `problems` is empty
    std::vector<Problem> problems;                     // in the order of the file
    std::vector<Problem> warnings;                     // legal, but the administrator should know what it risks
};

// Reads a file of at most maxFileBytes. Blocks on the disk. A file that can't be read is a problem at line 0.
[[nodiscard]] Loaded loadFile(const std::filesystem::path& path);
// Reads nothing but `text`; `fileName` is only quoted. Never throws.
[[nodiscard]] Loaded loadText(std::string_view text, std::string fileName);

} // namespace dyad::config
