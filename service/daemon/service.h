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
            const ports::ReservationPort& reservations, alarms::AlarmBoard& alarms, recorder::Journal& journal,
            const ports::Clock& clock);

    [[nodiscard]] model::ClusterView view() const override;
    void order(const model::Order& order, Answered answered) override;
    [[nodiscard]] std::vector<model::JournalEntry> journalAfter(std::uint64_t sequence,
                                                                std::size_t limit) const override;

private:
    const engine::Engine& m_engine;
    shell::Runner& m_runner;
    const ports::HeartPort& m_heart;
    const ports::ReservationPort& m_reservations;
    const alarms::AlarmBoard& m_alarms;
    const recorder::Journal& m_journal;
    const ports::Clock& m_clock;
};

} // namespace dyad::daemon
