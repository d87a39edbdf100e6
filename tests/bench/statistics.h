// SPDX-License-Identifier: Apache-2.0
// Median, minimum and maximum of a figure that was measured several times.
#pragma once

#include <QJsonObject>

#include <optional>
#include <string>
#include <vector>

namespace dyad::bench {

class Figure {
public:
    Figure(std::string name, std::string unit) : m_name(std::move(name)), m_unit(std::move(unit)) {}

    void add(double value) { m_values.push_back(value); }
    [[nodiscard]] bool empty() const { return m_values.empty(); }
    [[nodiscard]] std::size_t count() const { return m_values.size(); }
    [[nodiscard]] const std::string& name() const { return m_name; }
    [[nodiscard]] double median() const; // 0 where nothing was measured
    [[nodiscard]] double minimum() const;
    [[nodiscard]] double maximum() const;
    void print() const;
    [[nodiscard]] QJsonObject json() const;

private:
    std::string m_name;
    std::string m_unit;
    std::vector<double> m_values;
};

// A figure to reach. It decides nothing: what misses it is named.
struct Goal {
    std::string words;
    double reached = 0;
    double limit = 0;
    std::string unit;
    [[nodiscard]] bool met() const { return reached <= limit; }
    void print() const;
    [[nodiscard]] QJsonObject json() const;
};

} // namespace dyad::bench
