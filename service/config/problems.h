// SPDX-License-Identifier: Apache-2.0
// Collects what is wrong with a file; words for people.
#pragma once

#include "config/load.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::config {

// Where something stands in the file, from 1.
struct Place {
    unsigned line = 1;
    unsigned column = 1;
};

class Problems {
public:
    explicit Problems(std::string file) : m_file(std::move(file)) {}

    // At most maxProblems are kept of each kind; the others are counted.
    void error(Place at, std::string_view key, std::string_view value, std::string text, std::string remedy);
    void warning(Place at, std::string_view key, std::string_view value, std::string text, std::string remedy);

    [[nodiscard]] bool none() const { return m_errors.empty(); }
    // Both lists in the order of the file.
    void moveTo(Loaded& loaded) &&;

private:
    std::string m_file;
    std::vector<Problem> m_errors;
    std::vector<Problem> m_warnings;
    std::size_t m_unkept = 0;
};

// "word" in quotes, control characters made visible, cut where it is very long.
[[nodiscard]] std::string inQuotes(std::string_view word);
// "a", "b" or "c"
[[nodiscard]] std::string alternatives(const std::vector<std::string>& words);
// did you mean "prefer"? — or, where nothing is near: use one of "a", "b" or "c"
[[nodiscard]] std::string suggestion(std::string_view wrong, const std::vector<std::string>& right);
// Steps (insert, remove, replace, swap neighbours) from one word to the other.
[[nodiscard]] std::size_t editDistance(std::string_view from, std::string_view to);

} // namespace dyad::config
