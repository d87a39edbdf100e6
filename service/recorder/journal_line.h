// SPDX-License-Identifier: Apache-2.0
// One entry of the journal as one line of JSON (RFC 8259), without the newline:
// {"sequence":7,"at_ns":1,"wall_ms":2,"severity":"information","kind":"link_changed","group":"","resource":"","text":""}
#pragma once

#include "model/journal.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dyad::recorder {

inline constexpr std::size_t maxTextBytes = 4096; // of an entry's text; longer is cut
inline constexpr std::size_t maxWordBytes = 256;  // of kind, group and resource
inline constexpr std::size_t maxLineBytes =
    6 * (maxTextBytes + 3 * maxWordBytes) + 256; // each byte as \u00xx at the worst

// Always valid JSON and UTF-8, whatever bytes the texts hold: what isn't UTF-8 becomes U+FFFD. At most maxLineBytes.
[[nodiscard]] std::string toLine(const model::JournalEntry& entry);
// nullopt for a torn or foreign line. Keys that a later version may add are skipped if they are texts or whole numbers.
[[nodiscard]] std::optional<model::JournalEntry> fromLine(std::string_view line);

} // namespace dyad::recorder
