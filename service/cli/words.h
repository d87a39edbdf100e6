// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them, and columns.
#pragma once

#include "base/time.h"
#include "cli/paint.h"
#include "control/client/headline.h"

#include <string>
#include <string_view>
#include <vector>

namespace dyad::cli {

[[nodiscard]] std::string localTime(std::int64_t wallClockMs);  // "2026-11-22 16:40:03"
[[nodiscard]] std::string localClock(std::int64_t wallClockMs); // "16:40:03.123"
[[nodiscard]] std::string percent(double ratio);                // "0 %", "0.5 %", "100 %"
[[nodiscard]] Tone toneOf(control::Condition condition);

// Columns on a terminal: UTF-8 counted as one each, ANSI escapes as none.
[[nodiscard]] std::size_t widthOf(std::string_view text);

// Rows of cells, each column as wide as its widest cell; the last one is not padded.
class Table {
public:
    void row(std::vector<std::string> cells) { m_rows.push_back(std::move(cells)); }
    [[nodiscard]] std::string text(std::string_view indent) const;

private:
    std::vector<std::vector<std::string>> m_rows;
};

} // namespace dyad::cli
