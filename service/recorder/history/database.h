// SPDX-License-Identifier: Apache-2.0
// The history on disk: one SQLite file in write-ahead mode. Blocks on the disk, so it lives in a thread of its own
// (history.h). Survives a power failure: entries of the last moments may be missing then, audit and incidents not.
#pragma once

#include "base/result.h"
#include "model/audit.h"
#include "model/history.h"

#include <QSqlDatabase>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace dyad::recorder {

struct HistoryBounds {
    std::int64_t keptDays = 400;
    std::int64_t maxEntries = 200'000;
    std::int64_t maxIncidents = 5'000;
    std::int64_t maxAudit = 20'000;
    std::int64_t maxBytes = 256LL * 1024 * 1024; // SQLite refuses to grow beyond; the oldest half goes then
};

class Database {
public:
    // Makes the file where there is none. A file that isn't a whole database of ours is renamed to FILE.broken (an
    // older one of that name goes) and a new one begun: setAside() says why. Error: not even that could be done.
    // `journalLast`: the journal's last sequence; a history that is ahead of it belongs to a journal that is gone.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                                const HistoryBounds& bounds, std::uint64_t journalLast);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] const std::string& setAside() const { return m_setAside; }
    [[nodiscard]] std::uint64_t lastSequence() const { return m_lastSequence; } // when it was opened

    // All of them or none, put on the disk before it returns where `durable`. What is known already is replaced.
    struct Batch {
        std::vector<model::RememberedEntry> entries;
        std::vector<model::Incident> incidents;
        std::vector<model::AuditEntry> audit;
        [[nodiscard]] bool empty() const { return entries.empty() && incidents.empty() && audit.empty(); }
    };
    [[nodiscard]] Result<void> write(const Batch& batch);
    // What is beyond the bounds goes, the oldest first.
    [[nodiscard]] Result<void> prune(std::int64_t wallNowMs);
    [[nodiscard]] Result<bool> knowsIncident(std::uint64_t id) const;

    [[nodiscard]] Result<std::vector<model::Incident>> incidents(std::size_t limit, std::uint64_t before) const;
    [[nodiscard]] Result<std::vector<model::Incident>> incident(std::uint64_t id) const;
    [[nodiscard]] Result<std::vector<model::RememberedEntry>> entries(std::int64_t fromWallMs, std::int64_t toWallMs,
                                                                      std::size_t limit) const;
    [[nodiscard]] Result<std::vector<model::StepDuration>> durations(const std::string& group, std::size_t limit) const;
    [[nodiscard]] Result<std::vector<model::AuditEntry>> audit(std::size_t limit) const;

private:
    Database(std::filesystem::path file, const HistoryBounds& bounds);
    [[nodiscard]] Result<void> prepare();
    void disconnect();

    std::filesystem::path m_file;
    HistoryBounds m_bounds;
    QSqlDatabase m_sql;
    std::string m_setAside;
    std::uint64_t m_lastSequence = 0;
};

} // namespace dyad::recorder
