// SPDX-License-Identifier: Apache-2.0
// The memory of this node: every entry of the journal, the incidents that they make, and what operators asked for.
// The rules run on the service's event loop (they are cheap); the disk is behind a thread, and may fail or hang without
// anybody waiting for it.
#pragma once

#include "ports/history_port.h"
#include "ports/outside.h"
#include "recorder/history/database.h"
#include "recorder/history/incident_rules.h"

#include <QObject>

#include <filesystem>
#include <functional>
#include <memory>

namespace dyad::recorder {

struct HistorySettings {
    std::filesystem::path file = "/var/lib/dyad/history.db";
    std::string boot; // of this node now, hexadecimal
    IncidentContext context;
    HistoryBounds bounds;
    std::size_t maxQueued = 8192; // writes and questions on their way; more are dropped, questions answered so
};

// Belongs to one thread, the service's event loop; answers come through it. No call blocks; the destructor may, for
// closePatience.
class History final : public QObject, public ports::HistoryPort {
public:
    static constexpr Duration closePatience = 2s;

    History(HistorySettings settings, const ports::Clock& clock);
    ~History() override;
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // Something is wrong with the file, or was: once per trouble. Empty: it is well again. Set before begin().
    std::function<void(const std::string& trouble)> onTrouble;
    std::function<void(const std::string& words)> onSetAside;

    // First of all: what the journal still knows of earlier runs, oldest first. Gaps in the file are filled from it.
    void begin(const std::vector<model::JournalEntry>& tail, std::uint64_t journalLast);
    void entryWritten(const model::JournalEntry& entry);
    void auditWritten(const model::AuditEntry& entry);
    // What moves of groups took on this node, as the file knew a moment ago.
    [[nodiscard]] const std::vector<model::StepDuration>& knownDurations() const { return m_durations; }

    void incidents(std::size_t limit, std::uint64_t before, Answered<std::vector<model::Incident>> answered) override;
    void incident(std::uint64_t id, Answered<std::vector<model::Incident>> answered) override;
    void entries(std::int64_t fromWallMs, std::int64_t toWallMs, std::size_t limit,
                 Answered<std::vector<model::RememberedEntry>> answered) override;
    void durations(const std::string& group, Answered<std::vector<model::StepDuration>> answered) override;
    void audit(std::size_t limit, Answered<std::vector<model::AuditEntry>> answered) override;
    // Waits until everything is on the disk, at most `patience`. For tests and the end of the service.
    bool drain(Duration patience);

private:
    struct Shared; // outlives this object where the disk hangs
    template <typename Value>
    void ask(Result<Value> (*question)(const Database&, const std::vector<std::int64_t>&, const std::string&),
             std::vector<std::int64_t> numbers, std::string word, Answered<Value> answered);
    [[nodiscard]] std::string bootOf(const model::JournalEntry& entry) const;
    void put(Database::Batch batch, bool known);
    void refreshDurations();

    HistorySettings m_settings;
    const ports::Clock& m_clock;
    IncidentRules m_rules;
    std::vector<model::StepDuration> m_durations;
    std::shared_ptr<Shared> m_shared;
};

} // namespace dyad::recorder
