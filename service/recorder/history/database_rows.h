// SPDX-License-Identifier: Apache-2.0
// Rows of the history to values and back; the columns are named here and nowhere else.
#pragma once

#include "base/result.h"
#include "model/audit.h"
#include "model/history.h"

#include <QSqlDatabase>
#include <QSqlQuery>

#include <string>
#include <vector>

namespace dyad::recorder::rows {

// The statements that make the tables, in their order.
[[nodiscard]] const std::vector<const char*>& tables();
inline constexpr int schemaVersion = 1; // PRAGMA user_version

[[nodiscard]] Result<void> execute(const QSqlDatabase& sql, const QString& statement);
[[nodiscard]] Error errorOf(const QSqlQuery& query, const std::string& tried);

[[nodiscard]] Result<void> put(const QSqlDatabase& sql, const model::RememberedEntry& entry);
[[nodiscard]] Result<void> put(const QSqlDatabase& sql, const model::Incident& incident);
[[nodiscard]] Result<void> put(const QSqlDatabase& sql, const model::AuditEntry& entry);

// The columns of a SELECT, and the value of the row that `query` stands on.
inline constexpr const char* entryColumns =
    "sequence, boot, at_ns, wall_ms, severity, kind, group_name, resource, text";
inline constexpr const char* incidentColumns =
    "id, boot, kind, outcome, group_name, resource, rule, headline, began_ns, ended_ns, began_wall_ms, ended_wall_ms, "
    "first_sequence, last_sequence";
inline constexpr const char* auditColumns =
    "wall_ms, who, address, via_node, what, subject, result, text, request_id, told_by_engine";
[[nodiscard]] model::RememberedEntry entryOf(const QSqlQuery& query);
[[nodiscard]] model::Incident incidentOf(const QSqlQuery& query); // without its steps
[[nodiscard]] model::AuditEntry auditOf(const QSqlQuery& query);
[[nodiscard]] model::IncidentKind kindCalled(const std::string& word);

} // namespace dyad::recorder::rows
