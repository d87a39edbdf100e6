// SPDX-License-Identifier: Apache-2.0
// What one entry of the journal proves. The only place that looks into an entry's text; everything else goes by its
// kind.
#pragma once

#include "base/time.h"
#include "engine/transitions.h"
#include "model/journal.h"

#include <optional>
#include <string>
#include <string_view>

namespace dyad::recorder {

struct RoleChange {
    const engine::Transition* row = nullptr; // of the table; never null
    std::string detail;                      // what stood in brackets behind the row's text
};
// None: not of the kind role_changed, or of a table that this version doesn't have.
[[nodiscard]] std::optional<RoleChange> roleChangeIn(const model::JournalEntry& entry);

// "standby: peer silent", as model::Incident::rule has it, and back.
[[nodiscard]] std::string ruleName(const engine::Transition& row);
[[nodiscard]] const engine::Transition* ruleNamed(std::string_view name);

// How long ago the last heartbeat had come, where peer_suspect or peer_lost tells it.
[[nodiscard]] std::optional<Duration> silenceIn(const model::JournalEntry& entry);
// "62 ms", "1.5 s" (base/time.h) at the beginning of `text`.
[[nodiscard]] std::optional<Duration> durationFrom(std::string_view text);

struct LinkChange {
    std::string link;
    std::string liveness;
};
[[nodiscard]] std::optional<LinkChange> linkChangeIn(const model::JournalEntry& entry);

// The id of the alarm that an entry of kind alarm_raised or alarm_cleared is about: "lun.path:array". Else empty.
[[nodiscard]] std::string alarmIdIn(const model::JournalEntry& entry);

} // namespace dyad::recorder
