// SPDX-License-Identifier: Apache-2.0
#include "config/problems.h"

#include <algorithm>
#include <cstdio>

namespace dyad::config {

namespace {
constexpr std::size_t maxQuoted = 120;
constexpr std::size_t maxComparedWord = 64;

std::string visible(std::string_view word) {
    std::string out;
    for (const char c : word.substr(0, maxQuoted)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
            continue;
        }
        char code[8];
        std::snprintf(code, sizeof code, "\\x%02x", byte);
        out += code;
    }
    if (word.size() > maxQuoted) out += "...";
    return out;
}

bool earlier(const Problem& a, const Problem& b) { return a.line != b.line ? a.line < b.line : a.column < b.column; }
} // namespace

std::string toText(const Problem& problem) {
    std::string line = problem.file;
    if (problem.line > 0) line += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    line += ": " + problem.text;
    if (!problem.remedy.empty()) line += "; " + problem.remedy;
    return line;
}

void Problems::error(Place at, std::string_view key, std::string_view value, std::string text, std::string remedy) {
    if (m_errors.size() >= maxProblems) {
        ++m_unkept;
        return;
    }
    m_errors.push_back(
        {m_file, at.line, at.column, std::string(key), visible(value), std::move(text), std::move(remedy)});
}

void Problems::warning(Place at, std::string_view key, std::string_view value, std::string text, std::string remedy) {
    if (m_warnings.size() >= maxProblems) return;
    m_warnings.push_back(
        {m_file, at.line, at.column, std::string(key), visible(value), std::move(text), std::move(remedy)});
}

void Problems::moveTo(Loaded& loaded) && {
    std::stable_sort(m_errors.begin(), m_errors.end(), earlier);
    std::stable_sort(m_warnings.begin(), m_warnings.end(), earlier);
    if (m_unkept > 0)
        m_errors.push_back({m_file, 0, 0, "", "", "there are " + std::to_string(m_unkept) + " more problems",
                            "correct these first and check again"});
    loaded.problems = std::move(m_errors);
    loaded.warnings = std::move(m_warnings);
}

std::string inQuotes(std::string_view word) { return "\"" + visible(word) + "\""; }

std::string alternatives(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += inQuotes(words[i]);
    }
    return text;
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& right) {
    if (right.empty()) return "remove it";
    const std::string* best = nullptr;
    std::size_t distance = std::max<std::size_t>(wrong.size() / 3, 1) + 1;
    for (const std::string& word : right) {
        if (const std::size_t steps = editDistance(wrong, word); steps < distance) {
            distance = steps;
            best = &word;
        }
    }
    // Only the beginning of a longer word is there, or nearly.
    for (const std::string& word : right)
        if (!best && wrong.size() >= 4 && word.size() > wrong.size() &&
            editDistance(wrong, word.substr(0, wrong.size())) <= 1)
            best = &word;
    if (best) return "did you mean " + inQuotes(*best) + "?";
    return "use one of " + alternatives(right);
}

std::size_t editDistance(std::string_view from, std::string_view to) {
    from = from.substr(0, maxComparedWord);
    to = to.substr(0, maxComparedWord);
    // Optimal string alignment: row i holds the distances of from[0..i) to every beginning of `to`.
    std::vector<std::vector<std::size_t>> rows(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
    for (std::size_t i = 0; i <= from.size(); ++i)
        rows[i][0] = i;
    for (std::size_t j = 0; j <= to.size(); ++j)
        rows[0][j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t replace = rows[i - 1][j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replace});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    }
    return rows[from.size()][to.size()];
}

} // namespace dyad::config
