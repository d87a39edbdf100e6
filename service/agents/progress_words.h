// SPDX-License-Identifier: Apache-2.0
// Which lines of a server's log tell people how far its start is.
#pragma once

#include <span>
#include <string>

namespace dyad::agents {

inline constexpr std::size_t maxProgressBytes = 200;

struct ProgressWords {
    const char* words;   // stand somewhere in the line
    const char* meaning; // goes in front of them
};

// "recovery: redo starts at 0/15D6F60" of a line that has one of the words, from there on; else empty.
[[nodiscard]] inline std::string progressIn(const std::string& logLine, std::span<const ProgressWords> known) {
    for (const ProgressWords& line : known) {
        const std::size_t at = logLine.find(line.words);
        if (at != std::string::npos) return line.meaning + logLine.substr(at, maxProgressBytes);
    }
    return {};
}

} // namespace dyad::agents
