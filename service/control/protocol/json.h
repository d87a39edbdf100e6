// SPDX-License-Identifier: Apache-2.0
// The messages of the control protocol (their paths are in control/protocol/paths.h) as JSON, both ways. This is
// the only place that knows the field names. Units are in the names; instants are nanoseconds of the speaking node's
// monotonic clock, so only their distances mean anything elsewhere; `wall_ms` is for people.
#pragma once

#include "base/result.h"
#include "model/journal.h"
#include "model/view.h"

#include <QJsonObject>

#include <cstdint>
#include <optional>
#include <vector>

namespace dyad::control {

[[nodiscard]] QJsonObject toJson(const model::ClusterView& view);
[[nodiscard]] Result<model::ClusterView> viewFromJson(const QJsonObject& object);

[[nodiscard]] QJsonObject toJson(const model::JournalEntry& entry);
[[nodiscard]] Result<model::JournalEntry> journalEntryFromJson(const QJsonObject& object);

// Answer of GET /v1/journal.
struct JournalPage {
    std::vector<model::JournalEntry> entries; // oldest first
    std::uint64_t lastSequence = 0;           // the newest entry of this node's journal; 0: none yet
};
[[nodiscard]] QJsonObject toJson(const JournalPage& page);
[[nodiscard]] Result<JournalPage> journalPageFromJson(const QJsonObject& object);

[[nodiscard]] QJsonObject toJson(const model::Order& order);
[[nodiscard]] Result<model::Order> orderFromJson(const QJsonObject& object);

[[nodiscard]] QJsonObject toJson(const model::OrderAnswer& answer);
[[nodiscard]] Result<model::OrderAnswer> orderAnswerFromJson(const QJsonObject& object);

// {"error": {"tried", "on", "came_back", "remedy"}}: the body of every answer with a status from 400 on, except 409.
[[nodiscard]] QJsonObject toJson(const Error& error);
// None where the object is no such answer (another program speaks on that port).
[[nodiscard]] std::optional<Error> errorFromJson(const QJsonObject& object);

} // namespace dyad::control
