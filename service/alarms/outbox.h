// SPDX-License-Identifier: Apache-2.0
// The notices that a channel has not delivered yet, on disk: what could not be told is told after a restart, too. One
// file each, in a folder of the channel's own.
#pragma once

#include "alarms/notice.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

namespace dyad::alarms {

inline constexpr std::size_t maxWaiting = 500;               // one more pushes the oldest out
inline constexpr std::int64_t longestWaitMs = 24 * 3600'000; // by the wall clock; older ones are no news any more

// Belongs to one thread. Writes without waiting for the disk: after a loss of power the newest may be missing.
class Outbox {
public:
    struct Waiting {
        std::uint64_t number = 0;
        std::int64_t wallClockMs = 0;
        std::string headline;
    };

    // Takes over what an earlier life has left in `folder`; makes it (0700) where it isn't there. What can't be read is
    // removed.
    explicit Outbox(std::string folder);

    // Error: it could not be written, and does not wait.
    [[nodiscard]] Result<void> put(const Notice& notice);
    [[nodiscard]] std::size_t size() const { return m_waiting.size(); }
    [[nodiscard]] const Waiting* front() const { return m_waiting.empty() ? nullptr : &m_waiting.front(); }
    // Of the front one: the file with its notice.
    [[nodiscard]] std::string frontFile() const;
    void dropFront();
    // How many were dropped because they had waited too long.
    [[nodiscard]] std::size_t dropOld(std::int64_t wallClockMs);
    [[nodiscard]] std::uint64_t pushedOut() const { return m_pushedOut; } // since this life began

private:
    [[nodiscard]] std::string fileOf(std::uint64_t number) const;

    std::string m_folder;
    std::deque<Waiting> m_waiting;
    std::uint64_t m_last = 0;
    std::uint64_t m_pushedOut = 0;
};

} // namespace dyad::alarms
