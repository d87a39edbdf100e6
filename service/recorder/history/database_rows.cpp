// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/database_rows.h"

#include <QSqlError>
#include <QVariant>

namespace dyad::recorder::rows {

namespace {

using model::IncidentKind;
using model::IncidentOutcome;
using model::Severity;

std::string text(const QSqlQuery& query, int column) { return query.value(column).toString().toStdString(); }
std::int64_t number(const QSqlQuery& query, int column) { return query.value(column).toLongLong(); }
std::uint64_t count(const QSqlQuery& query, int column) { return static_cast<std::uint64_t>(number(query, column)); }
QString shown(const std::string& words) { return QString::fromStdString(words); }

Result<void> insert(const QSqlDatabase& sql, const QString& statement, const QVariantList& values) {
    QSqlQuery query(sql);
    if (!query.prepare(statement)) return errorOf(query, "write to the history");
    for (const QVariant& value : values)
        query.addBindValue(value);
    if (!query.exec()) return errorOf(query, "write to the history");
    return {};
}

template <typename Value, std::size_t size>
Value wordOf(const std::array<Value, size>& all, const std::string& word) {
    for (const Value value : all)
        if (word == toText(value)) return value;
    return all.front(); // written by a later version
}

constexpr std::array severities{Severity::Information, Severity::Warning, Severity::Critical};
constexpr std::array outcomes{IncidentOutcome::Done, IncidentOutcome::Ongoing, IncidentOutcome::Failed,
                              IncidentOutcome::Interrupted};
constexpr std::array kinds{IncidentKind::NodeLost,        IncidentKind::Takeover,    IncidentKind::Switchover,
                           IncidentKind::Switchback,      IncidentKind::Drill,       IncidentKind::Move,
                           IncidentKind::FailoverRefused, IncidentKind::GroupStart,  IncidentKind::ResourceFailure,
                           IncidentKind::LeaseLost,       IncidentKind::StorageLost, IncidentKind::SelfFence,
                           IncidentKind::NodeReturned};

} // namespace

model::IncidentKind kindCalled(const std::string& word) { return wordOf(kinds, word); }

const std::vector<const char*>& tables() {
    static const std::vector<const char*> statements{
        "CREATE TABLE IF NOT EXISTS entries (sequence INTEGER PRIMARY KEY, boot TEXT, at_ns INTEGER, wall_ms INTEGER, "
        "severity TEXT, kind TEXT, group_name TEXT, resource TEXT, text TEXT)",
        "CREATE INDEX IF NOT EXISTS entries_by_wall ON entries (wall_ms)",
        "CREATE TABLE IF NOT EXISTS incidents (id INTEGER PRIMARY KEY, boot TEXT, kind TEXT, outcome TEXT, "
        "group_name TEXT, resource TEXT, rule TEXT, headline TEXT, began_ns INTEGER, ended_ns INTEGER, "
        "began_wall_ms INTEGER, ended_wall_ms INTEGER, first_sequence INTEGER, last_sequence INTEGER)",
        "CREATE TABLE IF NOT EXISTS steps (incident INTEGER, position INTEGER, name TEXT, after_ns INTEGER, "
        "took_ns INTEGER, PRIMARY KEY (incident, position)) WITHOUT ROWID",
        "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT, wall_ms INTEGER, who TEXT, "
        "address TEXT, via_node TEXT, what TEXT, subject TEXT, result TEXT, text TEXT, request_id TEXT, "
        "told_by_engine INTEGER)",
    };
    return statements;
}

Error errorOf(const QSqlQuery& query, const std::string& tried) {
    const QSqlError error = query.lastError();
    return {tried, "", error.databaseText().toStdString() + " (" + error.nativeErrorCode().toStdString() + ")",
            "look at the disk of the state folder"};
}

Result<void> execute(const QSqlDatabase& sql, const QString& statement) {
    QSqlQuery query(sql);
    if (!query.exec(statement)) return errorOf(query, "carry out " + statement.left(60).toStdString());
    return {};
}

Result<void> put(const QSqlDatabase& sql, const model::RememberedEntry& remembered) {
    const model::JournalEntry& entry = remembered.entry;
    return insert(sql,
                  QStringLiteral("INSERT OR IGNORE INTO entries (%1) VALUES (?,?,?,?,?,?,?,?,?)")
                      .arg(QLatin1String(entryColumns)),
                  {qint64(entry.sequence), shown(remembered.boot), qint64(entry.at.nanoseconds()),
                   qint64(entry.wallClockMs), QString::fromLatin1(toText(entry.severity)), shown(entry.kind),
                   shown(entry.group), shown(entry.resource), shown(entry.text)});
}

Result<void> put(const QSqlDatabase& sql, const model::Incident& incident) {
    // The boot of the first telling stays: a later service reads the same entries again under another one.
    const Result<void> written = insert(
        sql,
        QStringLiteral("INSERT INTO incidents (%1) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO UPDATE SET "
                       "kind=excluded.kind, outcome=excluded.outcome, group_name=excluded.group_name, "
                       "resource=excluded.resource, rule=excluded.rule, headline=excluded.headline, "
                       "began_ns=excluded.began_ns, ended_ns=excluded.ended_ns, began_wall_ms=excluded.began_wall_ms, "
                       "ended_wall_ms=excluded.ended_wall_ms, first_sequence=excluded.first_sequence, "
                       "last_sequence=excluded.last_sequence")
            .arg(QLatin1String(incidentColumns)),
        {qint64(incident.id), shown(incident.boot), QString::fromLatin1(toText(incident.kind)),
         QString::fromLatin1(toText(incident.outcome)), shown(incident.group), shown(incident.resource),
         shown(incident.rule), shown(incident.headline), qint64(incident.began.nanoseconds()),
         qint64(incident.ended.nanoseconds()), qint64(incident.beganWallMs), qint64(incident.endedWallMs),
         qint64(incident.firstSequence), qint64(incident.lastSequence)});
    if (!written) return written;
    if (Result<void> gone = insert(sql, QStringLiteral("DELETE FROM steps WHERE incident = ?"), {qint64(incident.id)});
        !gone)
        return gone;
    for (std::size_t i = 0; i < incident.steps.size(); ++i) {
        const model::IncidentStep& step = incident.steps[i];
        if (Result<void> put = insert(sql, QStringLiteral("INSERT OR REPLACE INTO steps VALUES (?,?,?,?,?)"),
                                      {qint64(incident.id), qint64(i), shown(step.name), qint64(step.after.count()),
                                       qint64(step.took.count())});
            !put)
            return put;
    }
    return {};
}

Result<void> put(const QSqlDatabase& sql, const model::AuditEntry& entry) {
    return insert(
        sql, QStringLiteral("INSERT INTO audit (%1) VALUES (?,?,?,?,?,?,?,?,?,?)").arg(QLatin1String(auditColumns)),
        {qint64(entry.wallClockMs), shown(entry.who), shown(entry.address), shown(entry.viaNode), shown(entry.what),
         shown(entry.subject), shown(entry.result), shown(entry.text), shown(entry.requestId),
         entry.toldByEngine ? 1 : 0});
}

model::RememberedEntry entryOf(const QSqlQuery& query) {
    model::RememberedEntry remembered;
    remembered.entry.sequence = count(query, 0);
    remembered.boot = text(query, 1);
    remembered.entry.at = Instant::fromNanoseconds(number(query, 2));
    remembered.entry.wallClockMs = number(query, 3);
    remembered.entry.severity = wordOf(severities, text(query, 4));
    remembered.entry.kind = text(query, 5);
    remembered.entry.group = text(query, 6);
    remembered.entry.resource = text(query, 7);
    remembered.entry.text = text(query, 8);
    return remembered;
}

model::Incident incidentOf(const QSqlQuery& query) {
    model::Incident incident;
    incident.id = count(query, 0);
    incident.boot = text(query, 1);
    incident.kind = kindCalled(text(query, 2));
    incident.outcome = wordOf(outcomes, text(query, 3));
    incident.group = text(query, 4);
    incident.resource = text(query, 5);
    incident.rule = text(query, 6);
    incident.headline = text(query, 7);
    incident.began = Instant::fromNanoseconds(number(query, 8));
    incident.ended = Instant::fromNanoseconds(number(query, 9));
    incident.beganWallMs = number(query, 10);
    incident.endedWallMs = number(query, 11);
    incident.firstSequence = count(query, 12);
    incident.lastSequence = count(query, 13);
    return incident;
}

model::AuditEntry auditOf(const QSqlQuery& query) {
    model::AuditEntry entry;
    entry.wallClockMs = number(query, 0);
    entry.who = text(query, 1);
    entry.address = text(query, 2);
    entry.viaNode = text(query, 3);
    entry.what = text(query, 4);
    entry.subject = text(query, 5);
    entry.result = text(query, 6);
    entry.text = text(query, 7);
    entry.requestId = text(query, 8);
    entry.toldByEngine = number(query, 9) != 0;
    return entry;
}

} // namespace dyad::recorder::rows
