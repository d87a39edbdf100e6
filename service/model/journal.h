// SPDX-License-Identifier: Apache-2.0
// One line of the story that a node tells: the engine writes it, the recorder keeps it, `dyad events` shows it.
#pragma once

#include "base/time.h"
#include "model/names.h"

#include <optional>
#include <string>

namespace dyad::model {

struct JournalEntry {
    std::uint64_t sequence = 0;   // given by the recorder; grows by one
    Instant at;                   // monotonic, of the node that wrote it
    std::int64_t wallClockMs = 0; // since 1970, UTC; for people only
    Severity severity = Severity::Information;
    std::string kind;     // a stable word for programs: see engine/journal_kinds.h
    std::string group;    // name, or empty
    std::string resource; // name, or empty
    std::string text;     // in the operator's language
};

} // namespace dyad::model
