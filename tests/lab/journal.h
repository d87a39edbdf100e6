// SPDX-License-Identifier: Apache-2.0
// Reads the journal that a host's service keeps, and makes the time line of a step out of it.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dyad::lab {

struct JournalLine {
    Instant at;
    std::string severity;
    std::string kind;
    std::string group;
    std::string resource;
    std::string text;
};

// A line without its end, `at` as the host's own monotonic clock told it; none where it is no journal entry.
[[nodiscard]] std::optional<JournalLine> parseJournalLine(const std::string& line);
// Here, as in all that follows, `at` is in the machine's time, whatever the host's clock says.
// Every whole line written at or after `since`; a journal that isn't there yet is empty.
[[nodiscard]] std::vector<JournalLine> readJournal(const std::string& host, Instant since);
[[nodiscard]] std::optional<JournalLine> findLine(const std::string& host, Instant since, const std::string& kind,
                                                  const std::string& group = {}, const std::string& resource = {});
// Blocks until such a line is there; none after the deadline.
[[nodiscard]] std::optional<JournalLine> waitForLine(const std::string& host, Instant since, const std::string& kind,
                                                     Duration deadline, const std::string& group = {},
                                                     const std::string& resource = {});
// The last lines, for people.
[[nodiscard]] std::vector<std::string> journalTail(const std::string& host, std::size_t lines);

// One moment of a step, as ms after its zero. The order of the list is the order in which people look for them.
struct Moment {
    std::string name;  // stable word for programs
    std::string words; // for people
    std::string symbol;
    Instant at;
};

// What `host` wrote about group `group` since `zero`: suspect, challenge, lost, reservation won, mounted, database
// ready, address announced. Moments that didn't come are left out.
[[nodiscard]] std::vector<Moment> timeLine(const std::string& host, Instant zero, const std::string& group);

} // namespace dyad::lab
