// SPDX-License-Identifier: Apache-2.0
// One line to the system's log, which is what stands behind standard error: systemd's journal reads the level from the
// "<N>" in front (sd-daemon(3)), a terminal or a file gets it without.
#pragma once

#include "model/names.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace dyad::alarms {

class SystemLog {
public:
    static constexpr std::size_t maxLineBytes = 2048; // below PIPE_BUF, so that a pipe takes it whole or not at all

    // `descriptor` stays the caller's. `withLevels`: systemd reads it (the environment has JOURNAL_STREAM).
    SystemLog(int descriptor, bool withLevels) : m_descriptor(descriptor), m_withLevels(withLevels) {}
    // Standard error, with levels where systemd is behind it.
    static SystemLog standardError();

    // Never blocks: a line that the reader has no room for is dropped and counted. Control characters become spaces.
    void write(model::Severity severity, const std::string& text);
    [[nodiscard]] std::uint64_t dropped() const { return m_dropped; }

private:
    int m_descriptor;
    bool m_withLevels;
    std::uint64_t m_dropped = 0;
};

} // namespace dyad::alarms
