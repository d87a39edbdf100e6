// SPDX-License-Identifier: Apache-2.0
// The second checker, nearer to the array than the database: a process on whichever host owns the group "ledger"
// appends numbered records to one file there, each written through to the array before it counts, and notes on the
// host's own disk which were acknowledged. Whoever wrote a record stands in it: two hosts that wrote in turns, a write
// that came too late or one that was lost all show in the file.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace dyad::lab {

inline constexpr const char* appendedFile = "/srv/ledger/appended"; // as the host sees it

// Neighbouring records of one writer: a writer is one life of the process.
struct AppendedRun {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::uint64_t writer = 0;
};

struct AppendedVerdict {
    std::uint64_t acknowledged = 0;
    std::uint64_t found = 0;
    std::uint64_t writers = 0;
    std::vector<std::string> problems; // at most maxProblems
    static constexpr std::size_t maxProblems = 10;
};

// `dyad-lab internal append PAUSE_MS`: the process on the host. Ends on SIGTERM, never because of an error.
int appendMain(const std::string& pauseMs);
// `dyad-lab internal read-appended`: prints the runs, one "FIRST LAST WRITER" a line, and "bad RECORD" for each record
// before the last good one that isn't whole.
int readAppendedMain();

// How many records both hosts' writers know as acknowledged.
[[nodiscard]] std::uint64_t acknowledgedRecords();
// Reads the file on `host`, where it must be mounted, and holds it against both hosts' notes. Blocks for some 100 ms.
[[nodiscard]] Result<AppendedVerdict> verifyAppended(const std::string& host);

// The pure part of it.
struct Acknowledgement {
    std::uint64_t record = 0;
    std::uint64_t writer = 0;
};
[[nodiscard]] AppendedVerdict judgeAppended(const std::vector<AppendedRun>& runs,
                                            const std::vector<std::uint64_t>& badRecords,
                                            const std::vector<Acknowledgement>& acknowledged);

} // namespace dyad::lab
