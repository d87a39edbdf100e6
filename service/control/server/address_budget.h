// SPDX-License-Identifier: Apache-2.0
// So many at once and so many a second, for each address (a token bucket each). The table is bounded: where it is full
// the address that was quiet for longest is forgotten. Pure; time is an argument.
#pragma once

#include "base/time.h"

#include <QHostAddress>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dyad::control {

class AddressBudget {
public:
    static constexpr std::size_t maxAddresses = 256;

    // `burst` at once; then one more every `refill`.
    AddressBudget(unsigned burst, Duration refill) : m_burst(burst), m_refill(refill) {}

    // Takes one. False: none was left.
    [[nodiscard]] bool take(const QHostAddress& address, Instant now) {
        Row& row = rowOf(address, now);
        if (row.left < 1) return false;
        row.left -= 1;
        return true;
    }
    // How long until one is left again; 0: there is one now.
    [[nodiscard]] Duration wait(const QHostAddress& address, Instant now) {
        const Row& row = rowOf(address, now);
        if (row.left >= 1) return Duration{0};
        return std::chrono::duration_cast<Duration>(m_refill * (1 - row.left));
    }
    [[nodiscard]] std::size_t addresses() const { return m_rows.size(); }

private:
    struct Row {
        QHostAddress address;
        double left = 0;
        Instant at;
    };

    Row& rowOf(const QHostAddress& address, Instant now) {
        const auto known =
            std::find_if(m_rows.begin(), m_rows.end(), [&](const Row& row) { return row.address == address; });
        if (known != m_rows.end()) {
            const double gained = std::chrono::duration<double>(now - known->at) / std::chrono::duration<double>(m_refill);
            known->left = std::min<double>(m_burst, known->left + std::max(0.0, gained));
            known->at = now;
            return *known;
        }
        if (m_rows.size() == maxAddresses)
            m_rows.erase(std::min_element(m_rows.begin(), m_rows.end(),
                                          [](const Row& a, const Row& b) { return a.at < b.at; }));
        return m_rows.emplace_back(Row{address, static_cast<double>(m_burst), now});
    }

    unsigned m_burst;
    Duration m_refill;
    std::vector<Row> m_rows;
};

} // namespace dyad::control
