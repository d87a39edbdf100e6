// SPDX-License-Identifier: Apache-2.0
// Colours and symbols. A colour never says anything alone: a symbol and a word always say it too.
#pragma once

#include <string>
#include <string_view>

namespace dyad::cli {

enum class Tone { Plain, Good, Busy, Warning, Bad, Faint, Strong };

class Paint {
public:
    // `colours`: ANSI escapes may be written. `symbols`: the screen shows UTF-8; else plain ASCII takes their place.
    Paint(bool colours, bool symbols) : m_colours(colours), m_symbols(symbols) {}
    // For the program's standard output: a terminal, no NO_COLOR in the environment, a UTF-8 locale.
    [[nodiscard]] static Paint forStandardOutput();

    [[nodiscard]] std::string text(Tone tone, std::string_view words) const;
    [[nodiscard]] std::string symbol(Tone tone) const; // one column wide
    [[nodiscard]] std::string_view bothWays() const { return m_symbols ? "↔" : "<->"; }
    [[nodiscard]] std::string_view dash() const { return m_symbols ? "–" : "-"; }
    [[nodiscard]] std::string_view plusMinus() const { return m_symbols ? "±" : "+/-"; }
    [[nodiscard]] std::string_view arrow() const { return m_symbols ? "→" : "->"; }

private:
    bool m_colours;
    bool m_symbols;
};

} // namespace dyad::cli
