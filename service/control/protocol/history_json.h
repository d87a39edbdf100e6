// SPDX-License-Identifier: Apache-2.0
// Incidents, remembered entries, durations and audit as JSON, both ways. As in json.h: units are in the names, instants
// are nanoseconds of the speaking node's monotonic clock.
#pragma once

#include "base/result.h"
#include "model/audit.h"
#include "model/history.h"

#include <QJsonObject>

#include <string>
#include <vector>

namespace dyad::control {

class ObjectReader;

[[nodiscard]] QJsonObject toJson(const model::Incident& incident);
[[nodiscard]] QJsonObject toJson(const model::RememberedEntry& remembered);
[[nodiscard]] QJsonObject toJson(const model::StepDuration& duration);
[[nodiscard]] QJsonObject toJson(const model::AuditEntry& entry);

// Answers of GET /v1/incidents, /v1/entries, /v1/durations: {"node", and the list under the name of the path}.
[[nodiscard]] QJsonObject incidentsToJson(const std::string& node, const std::vector<model::Incident>& incidents);
[[nodiscard]] Result<std::vector<model::Incident>> incidentsFromJson(const QJsonObject& object);
[[nodiscard]] QJsonObject entriesToJson(const std::string& node, const std::vector<model::RememberedEntry>& entries);
[[nodiscard]] Result<std::vector<model::RememberedEntry>> entriesFromJson(const QJsonObject& object);
[[nodiscard]] QJsonObject durationsToJson(const std::string& node, const std::vector<model::StepDuration>& durations);
[[nodiscard]] Result<std::vector<model::StepDuration>> durationsFromJson(const QJsonObject& object);
[[nodiscard]] QJsonObject auditToJson(const std::string& node, const std::vector<model::AuditEntry>& entries);
[[nodiscard]] Result<std::vector<model::AuditEntry>> auditFromJson(const QJsonObject& object);

} // namespace dyad::control
