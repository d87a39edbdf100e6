// SPDX-License-Identifier: Apache-2.0
#include "bench/statistics.h"

#include <QJsonArray>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace dyad::bench {

namespace {
double rounded(double value) { return std::round(value * 1000) / 1000; }
} // namespace

double Figure::median() const {
    if (m_values.empty()) return 0;
    auto sorted = m_values;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

double Figure::minimum() const { return m_values.empty() ? 0 : *std::min_element(m_values.begin(), m_values.end()); }
double Figure::maximum() const { return m_values.empty() ? 0 : *std::max_element(m_values.begin(), m_values.end()); }

void Figure::print() const {
    std::printf("  %-58s median %8.1f  min %8.1f  max %8.1f %s  (%zu runs)\n", m_name.c_str(), median(), minimum(),
                maximum(), m_unit.c_str(), m_values.size());
    std::fflush(stdout);
}

QJsonObject Figure::json() const {
    QJsonArray values;
    for (const double value : m_values)
        values.append(rounded(value));
    return {{"name", QString::fromStdString(m_name)},
            {"unit", QString::fromStdString(m_unit)},
            {"median", rounded(median())},
            {"min", rounded(minimum())},
            {"max", rounded(maximum())},
            {"runs", values}};
}

void Goal::print() const {
    std::printf("  %s %-58s %8.2f of at most %8.2f %s\n", met() ? "✓" : "✗", words.c_str(), reached, limit,
                unit.c_str());
}

QJsonObject Goal::json() const {
    return {{"goal", QString::fromStdString(words)},
            {"reached", rounded(reached)},
            {"limit", rounded(limit)},
            {"unit", QString::fromStdString(unit)},
            {"met", met()}};
}

} // namespace dyad::bench
