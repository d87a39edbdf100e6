// SPDX-License-Identifier: Apache-2.0
// One line to the system's log, which is what stands behind standard error: systemd's journal reads the level from the
// "<N>" in front (sd-daemon(3)), a terminal or a file gets it without.
#pragma once

#include "model/names.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dyad::alarms {

class SystemLog {
public:
    static constexpr std::size_t maxLineBytes = 2048; // below PIPE_BUF, so that a pipe takes it whole or not at all

    // Beside the text, for whoever searches: names in capitals, as systemd.journal-fields(7) has them.
    using Fields = std::vector<std::pair<const char*, std::string>>;

    // `descriptor` stays the caller's. `withLevels`: systemd reads it (the environment has JOURNAL_STREAM); fields then go to
    // the journal by its socket.
    SystemLog(int descriptor, bool withLevels, std::string journalSocket = "/run/systemd/journal/socket")
        : m_descriptor(descriptor), m_withLevels(withLevels), m_journalSocket(std::move(journalSocket)) {}
    // Standard error, with levels where systemd is behind it.
    static SystemLog standardError();

    // Never blocks: a line that the reader has no room for is dropped and counted. Control characters become spaces.
    void write(model::Severity severity, const std::string& text);
    // With fields where the journal takes them, as a line without them elsewhere.
    void write(model::Severity severity, const std::string& text, const Fields& fields);
    [[nodiscard]] std::uint64_t dropped() const { return m_dropped; }

private:
    [[nodiscard]] bool toJournal(model::Severity severity, const std::string& text, const Fields& fields) const;

    int m_descriptor;
    bool m_withLevels;
    std::string m_journalSocket;
    std::uint64_t m_dropped = 0;
};

} // namespace dyad::alarms
