// SPDX-License-Identifier: Apache-2.0
#include "campaign/progress.h"

#include <chrono>
#include <unistd.h>

namespace dyad::simulator {

namespace {

constexpr double terminalSeconds = 1;
constexpr double lineSeconds = 10;

} // namespace

double years(Duration duration) {
    return std::chrono::duration<double, std::ratio<31'556'952>>(duration).count(); // of the Gregorian calendar
}

Progress::Progress(std::FILE* to) : m_to(to), m_terminal(to && isatty(fileno(to)) == 1) {}

void Progress::tell(const State& state, double seconds, bool last) {
    if (!m_to) return;
    const bool due = seconds - m_toldAt >= (m_terminal ? terminalSeconds : lineSeconds);
    if (!due && !(last && m_told)) return;
    m_toldAt = seconds;
    m_told = true;
    char of[32] = "";
    if (state.of) std::snprintf(of, sizeof of, " of %llu", static_cast<unsigned long long>(*state.of));
    std::fprintf(m_to, "%s%6.0f s  %llu%s lives  %.0f/s  %.3f virtual years  %llu takeovers  %llu failures%s",
                 m_terminal ? "\r\x1b[K" : "", seconds, static_cast<unsigned long long>(state.lives), of,
                 static_cast<double>(state.lives) / (seconds > 0 ? seconds : 1), years(state.virtualTime),
                 static_cast<unsigned long long>(state.takeovers), static_cast<unsigned long long>(state.failures),
                 m_terminal && !last ? "" : "\n");
    std::fflush(m_to);
}

} // namespace dyad::simulator
