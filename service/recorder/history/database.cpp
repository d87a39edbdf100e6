// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/database.h"

#include "recorder/history/database_rows.h"

#include <QSqlError>
#include <QSqlQuery>
#include <QVariant>

#include <atomic>
#include <sys/stat.h>

namespace dyad::recorder {

namespace {

constexpr std::int64_t dayMs = 24LL * 3600 * 1000;
constexpr std::int64_t pageBytes = 4096;
constexpr int busyMs = 2000; // somebody looks at the file with another program

std::string freshName() {
    static std::atomic<unsigned> opened{0};
    return "dyad-history-" + std::to_string(++opened);
}

Result<QVariant> single(const QSqlDatabase& sql, const QString& statement) {
    QSqlQuery query(sql);
    if (!query.exec(statement) || !query.next()) return rows::errorOf(query, "read the history");
    return query.value(0);
}

void removeWith(const std::filesystem::path& file, const char* suffix) {
    std::error_code ignored;
    std::filesystem::remove(file.string() + suffix, ignored);
}

template <typename Value>
Result<std::vector<Value>> all(QSqlQuery& query, Value (*of)(const QSqlQuery&)) {
    if (!query.exec()) return rows::errorOf(query, "read the history");
    std::vector<Value> found;
    while (query.next())
        found.push_back(of(query));
    return found;
}

} // namespace

Database::Database(std::filesystem::path file, const HistoryBounds& bounds)
    : m_file(std::move(file)), m_bounds(bounds) {}

Database::~Database() { disconnect(); }

void Database::disconnect() {
    const QString name = m_sql.connectionName();
    m_sql.close();
    m_sql = QSqlDatabase();
    if (!name.isEmpty()) QSqlDatabase::removeDatabase(name);
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, const HistoryBounds& bounds,
                                                 std::uint64_t journalLast) {
    std::error_code ignored;
    std::filesystem::create_directories(file.parent_path(), ignored);
    std::unique_ptr<Database> database(new Database(file, bounds));
    Result<void> prepared = database->prepare();
    std::string trouble = prepared ? "" : prepared.error().cameBack;
    if (prepared && database->m_lastSequence > journalLast)
        trouble = "it is ahead of the journal, which has begun anew";
    if (trouble.empty()) return database;

    database->disconnect();
    const std::filesystem::path aside = file.string() + ".broken";
    if (std::filesystem::exists(file, ignored)) {
        std::error_code error;
        std::filesystem::rename(file, aside, error);
        if (error) return Error{"set the broken history aside", file.string(), error.message(), "remove it by hand"};
    }
    removeWith(file, "-wal");
    removeWith(file, "-shm");
    database.reset(new Database(file, bounds));
    if (Result<void> again = database->prepare(); !again) return again.error();
    database->m_setAside = "the history could not be gone on with (" + trouble + "); it is kept as " + aside.string();
    return database;
}

Result<void> Database::prepare() {
    struct stat status {};
    if (::lstat(m_file.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
        return Error{"open the history", m_file.string(), "this is not a regular file", "remove it"};
    m_sql = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), QString::fromStdString(freshName()));
    m_sql.setDatabaseName(QString::fromStdString(m_file.string()));
    m_sql.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=%1").arg(busyMs));
    if (!m_sql.open())
        return Error{"open the history", m_file.string(), m_sql.lastError().text().toStdString(),
                     "is the SQLite driver of Qt installed (libqt6sql6-sqlite)?"};
    ::chmod(m_file.c_str(), 0640);
    const Result<QVariant> whole = single(m_sql, QStringLiteral("PRAGMA quick_check(1)"));
    if (!whole) return whole.error();
    if (whole.value().toString() != QLatin1String("ok"))
        return Error{"check the history", m_file.string(), whole.value().toString().toStdString(), ""};
    const Result<QVariant> version = single(m_sql, QStringLiteral("PRAGMA user_version"));
    if (!version) return version.error();
    if (version.value().toInt() != 0 && version.value().toInt() != rows::schemaVersion)
        return Error{"read the history", m_file.string(),
                     "it is of another version (" + version.value().toString().toStdString() + ")", ""};
    for (const char* statement : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL",
                                  "PRAGMA journal_size_limit = 4194304", "PRAGMA cache_size = -512"})
        if (Result<void> done = rows::execute(m_sql, QLatin1String(statement)); !done) return done;
    if (Result<void> bounded =
            rows::execute(m_sql, QStringLiteral("PRAGMA max_page_count = %1").arg(m_bounds.maxBytes / pageBytes));
        !bounded)
        return bounded;
    for (const char* statement : rows::tables())
        if (Result<void> made = rows::execute(m_sql, QLatin1String(statement)); !made) return made;
    if (Result<void> marked = rows::execute(m_sql, QStringLiteral("PRAGMA user_version = %1").arg(rows::schemaVersion));
        !marked)
        return marked;
    const Result<QVariant> last = single(m_sql, QStringLiteral("SELECT COALESCE(MAX(sequence), 0) FROM entries"));
    if (!last) return last.error();
    m_lastSequence = last.value().toULongLong();
    return {};
}

Result<void> Database::write(const Batch& batch) {
    if (batch.empty()) return {};
    // What an operator did, and what became of a group, is on the disk before anything else is done.
    const bool durable = !batch.audit.empty() || !batch.incidents.empty();
    if (Result<void> set = rows::execute(m_sql, durable ? QStringLiteral("PRAGMA synchronous = FULL")
                                                        : QStringLiteral("PRAGMA synchronous = NORMAL"));
        !set)
        return set;
    if (!m_sql.transaction())
        return Error{"write to the history", m_file.string(), m_sql.lastError().text().toStdString(),
                     "look at the disk of the state folder"};
    const auto putAll = [&]() -> Result<void> {
        for (const auto& each : batch.entries)
            if (Result<void> put = rows::put(m_sql, each); !put) return put;
        for (const auto& each : batch.incidents)
            if (Result<void> put = rows::put(m_sql, each); !put) return put;
        for (const auto& each : batch.audit)
            if (Result<void> put = rows::put(m_sql, each); !put) return put;
        return {};
    };
    Result<void> put = putAll();
    if (put && !m_sql.commit())
        put = Error{"write to the history", m_file.string(), m_sql.lastError().text().toStdString(),
                    "look at the disk of the state folder"};
    if (!put) m_sql.rollback();
    return put;
}

Result<void> Database::prune(std::int64_t wallNowMs) {
    const std::int64_t oldest = wallNowMs - m_bounds.keptDays * dayMs;
    const QString newestOf =
        QStringLiteral("DELETE FROM %1 WHERE %2 NOT IN (SELECT %2 FROM %1 ORDER BY %2 DESC LIMIT %3)");
    const auto more = [&](const char* table, std::int64_t most) -> Result<bool> {
        const Result<QVariant> count =
            single(m_sql, QStringLiteral("SELECT COUNT(*) FROM %1").arg(QLatin1String(table)));
        if (!count) return count.error();
        return count.value().toLongLong() > most;
    };
    struct Bound {
        const char* table;
        const char* key;
        const char* wall;
        std::int64_t most;
    };
    for (const Bound& bound : {Bound{"entries", "sequence", "wall_ms", m_bounds.maxEntries},
                               Bound{"incidents", "id", "ended_wall_ms", m_bounds.maxIncidents},
                               Bound{"audit", "id", "wall_ms", m_bounds.maxAudit}}) {
        if (Result<void> aged = rows::execute(m_sql, QStringLiteral("DELETE FROM %1 WHERE %2 < %3")
                                                         .arg(QLatin1String(bound.table), QLatin1String(bound.wall))
                                                         .arg(oldest));
            !aged)
            return aged;
        const Result<bool> over = more(bound.table, bound.most);
        if (!over) return over.error();
        if (!over.value()) continue;
        if (Result<void> cut = rows::execute(
                m_sql, newestOf.arg(QLatin1String(bound.table), QLatin1String(bound.key)).arg(bound.most));
            !cut)
            return cut;
    }
    return rows::execute(m_sql, QStringLiteral("DELETE FROM steps WHERE incident NOT IN (SELECT id FROM incidents)"));
}

Result<bool> Database::knowsIncident(std::uint64_t id) const {
    const Result<QVariant> count =
        single(m_sql, QStringLiteral("SELECT COUNT(*) FROM incidents WHERE id = %1").arg(qint64(id)));
    if (!count) return count.error();
    return count.value().toInt() > 0;
}

namespace {

Result<void> addSteps(const QSqlDatabase& sql, std::vector<model::Incident>& incidents) {
    QSqlQuery query(sql);
    for (model::Incident& incident : incidents) {
        if (!query.prepare(
                QStringLiteral("SELECT name, after_ns, took_ns FROM steps WHERE incident = ? ORDER BY position")))
            return rows::errorOf(query, "read the history");
        query.addBindValue(qint64(incident.id));
        if (!query.exec()) return rows::errorOf(query, "read the history");
        while (query.next())
            incident.steps.push_back({query.value(0).toString().toStdString(), Duration(query.value(1).toLongLong()),
                                      Duration(query.value(2).toLongLong())});
    }
    return {};
}

} // namespace

Result<std::vector<model::Incident>> Database::incidents(std::size_t limit, std::uint64_t before) const {
    QSqlQuery query(m_sql);
    if (!query.prepare(QStringLiteral("SELECT %1 FROM incidents WHERE id < ? ORDER BY id DESC LIMIT ?")
                           .arg(QLatin1String(rows::incidentColumns))))
        return rows::errorOf(query, "read the history");
    query.addBindValue(before == 0 ? std::numeric_limits<qint64>::max() : qint64(before));
    query.addBindValue(qint64(limit));
    auto found = all(query, &rows::incidentOf);
    if (!found) return found;
    if (Result<void> steps = addSteps(m_sql, found.value()); !steps) return steps.error();
    return found;
}

Result<std::vector<model::Incident>> Database::incident(std::uint64_t id) const {
    QSqlQuery query(m_sql);
    if (!query.prepare(
            QStringLiteral("SELECT %1 FROM incidents WHERE id = ?").arg(QLatin1String(rows::incidentColumns))))
        return rows::errorOf(query, "read the history");
    query.addBindValue(qint64(id));
    auto found = all(query, &rows::incidentOf);
    if (!found) return found;
    if (Result<void> steps = addSteps(m_sql, found.value()); !steps) return steps.error();
    return found;
}

Result<std::vector<model::RememberedEntry>> Database::entries(std::int64_t fromWallMs, std::int64_t toWallMs,
                                                              std::size_t limit) const {
    QSqlQuery query(m_sql);
    if (!query.prepare(QStringLiteral("SELECT * FROM (SELECT %1 FROM entries WHERE wall_ms BETWEEN ? AND ? "
                                      "ORDER BY sequence DESC LIMIT ?) ORDER BY sequence")
                           .arg(QLatin1String(rows::entryColumns))))
        return rows::errorOf(query, "read the history");
    query.addBindValue(qint64(fromWallMs));
    query.addBindValue(qint64(toWallMs));
    query.addBindValue(qint64(limit));
    return all(query, &rows::entryOf);
}

Result<std::vector<model::StepDuration>> Database::durations(const std::string& group, std::size_t limit) const {
    QSqlQuery query(m_sql);
    const QString of = group.empty() ? QString() : QStringLiteral(" AND incidents.group_name = ?");
    if (!query.prepare(QStringLiteral("SELECT group_name, kind, name, took_ns, began_wall_ms FROM steps JOIN incidents "
                                      "ON steps.incident = incidents.id WHERE outcome = 'done'%1 "
                                      "ORDER BY incidents.id DESC, position LIMIT ?")
                           .arg(of)))
        return rows::errorOf(query, "read the history");
    if (!group.empty()) query.addBindValue(QString::fromStdString(group));
    query.addBindValue(qint64(limit));
    return all<model::StepDuration>(query, [](const QSqlQuery& row) {
        return model::StepDuration{
            row.value(0).toString().toStdString(), rows::kindCalled(row.value(1).toString().toStdString()),
            row.value(2).toString().toStdString(), Duration(row.value(3).toLongLong()), row.value(4).toLongLong()};
    });
}

Result<std::vector<model::AuditEntry>> Database::audit(std::size_t limit) const {
    QSqlQuery query(m_sql);
    if (!query.prepare(
            QStringLiteral("SELECT %1 FROM audit ORDER BY id DESC LIMIT ?").arg(QLatin1String(rows::auditColumns))))
        return rows::errorOf(query, "read the history");
    query.addBindValue(qint64(limit));
    return all(query, &rows::auditOf);
}

} // namespace dyad::recorder
