// SPDX-License-Identifier: Apache-2.0
// What the control server sees of the running service.
#pragma once

#include "alarms/alarm_board.h"
#include "ports/outside.h"
#include "recorder/journal.h"
#include "shell/runner.h"

namespace dyad::daemon {

class Service : public ports::ServicePort {
public:
    // All of them outlive the service.
    Service(const engine::Engine& engine, shell::Runner& runner, const ports::HeartPort& heart,
            const ports::ReservationPort& reservations, const ports::ResourcePort& resources,
            alarms::AlarmBoard& alarms, recorder::Journal& journal, const ports::Clock& clock);

    [[nodiscard]] model::ClusterView view() const override;
    void order(const model::Order& order, Answered answered) override;
    // Asks a copy of the engine, so the answer is the very one that order() would give now.
    [[nodiscard]] model::OrderAnswer judge(const model::Order& order) const override;
    [[nodiscard]] std::vector<model::PredictedStep> predict(const model::Order& order) const override;
    [[nodiscard]] std::optional<std::size_t> clientsOf(const std::string& group) const override;
    [[nodiscard]] model::OrderAnswer acknowledge(const std::string& alarm, const std::string& who) override;
    // A line of the journal where the engine hasn't written one, then onAudit.
    void audit(const model::AuditEntry& entry) override;
    [[nodiscard]] std::string recordingFile() const override { return m_recordingFile; }
    [[nodiscard]] std::vector<ports::ChannelState> channels() const override;
    [[nodiscard]] std::vector<model::JournalEntry> journalAfter(std::uint64_t sequence,
                                                                std::size_t limit) const override;

    std::function<void(const model::JournalEntry&)> onEntry; // each one, as onJournal; for the history
    std::function<void(const model::AuditEntry&)> onAudit;                                      // may be empty
    std::function<std::vector<model::PredictedStep>(const model::Order&)> onPredict;            // may be empty
    std::function<std::vector<ports::ChannelState>()> onChannels;                               // may be empty
    void setRecordingFile(std::string file) { m_recordingFile = std::move(file); }

private:
    // The order in the engine's words; an error names what the configuration doesn't have.
    [[nodiscard]] Result<engine::OrderGiven> translated(const model::Order& order) const;

    std::string m_recordingFile;
    const engine::Engine& m_engine;
    shell::Runner& m_runner;
    const ports::HeartPort& m_heart;
    const ports::ReservationPort& m_reservations;
    const ports::ResourcePort& m_resources;
    alarms::AlarmBoard& m_alarms;
    recorder::Journal& m_journal;
    const ports::Clock& m_clock;
};

} // namespace dyad::daemon
