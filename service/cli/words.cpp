// SPDX-License-Identifier: Apache-2.0
#include "cli/words.h"

#include <QDateTime>

#include <algorithm>
#include <cstdio>

namespace dyad::cli {

std::string localTime(std::int64_t wallClockMs) {
    return QDateTime::fromMSecsSinceEpoch(wallClockMs).toString(QStringLiteral("yyyy-MM-dd HH:mm:ss")).toStdString();
}

std::string localClock(std::int64_t wallClockMs) {
    return QDateTime::fromMSecsSinceEpoch(wallClockMs).toString(QStringLiteral("HH:mm:ss.zzz")).toStdString();
}

std::string percent(double ratio) {
    char text[32];
    const double value = ratio * 100;
    std::snprintf(text, sizeof text, value > 0 && value < 10 ? "%.1f %%" : "%.0f %%", value);
    return text;
}

Tone toneOf(control::Condition condition) {
    switch (condition) {
    case control::Condition::Well: return Tone::Good;
    case control::Condition::Moving: return Tone::Busy;
    case control::Condition::Degraded: return Tone::Warning;
    case control::Condition::Bad: return Tone::Bad;
    }
    return Tone::Plain;
}

std::size_t widthOf(std::string_view text) {
    std::size_t width = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\x1b') {
            while (i < text.size() && text[i] != 'm')
                ++i;
        } else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) {
            ++width;
        }
    }
    return width;
}

std::string Table::text(std::string_view indent) const {
    std::vector<std::size_t> widths;
    for (const auto& row : m_rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], widthOf(row[i]));
    }
    std::string text;
    for (const auto& row : m_rows) {
        std::string line(indent);
        std::string owed; // padding is written only when something follows
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (!row[i].empty()) {
                line += owed + row[i];
                owed.clear();
            }
            owed += std::string(widths[i] - widthOf(row[i]) + 2, ' ');
        }
        text += line + "\n";
    }
    return text;
}

} // namespace dyad::cli
