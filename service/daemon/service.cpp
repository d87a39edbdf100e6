// SPDX-License-Identifier: Apache-2.0
#include "daemon/service.h"

#include "daemon/view_builder.h"

namespace dyad::daemon {

Service::Service(const engine::Engine& engine, shell::Runner& runner, const ports::HeartPort& heart,
                 const ports::ReservationPort& reservations, alarms::AlarmBoard& alarms, recorder::Journal& journal,
                 const ports::Clock& clock)
    : m_engine(engine), m_runner(runner), m_heart(heart), m_reservations(reservations), m_alarms(alarms),
      m_journal(journal), m_clock(clock) {
    journal.onEntry = [this](const model::JournalEntry& entry) {
        if (onJournal) onJournal(entry);
    };
    const auto changed = [this] {
        if (onViewChanged) onViewChanged();
    };
    runner.onChanged = changed;
    alarms.onChange = changed;
}

model::ClusterView Service::view() const {
    return buildView(m_engine, m_heart.report(), m_reservations, m_alarms.list(), m_clock);
}

std::vector<model::JournalEntry> Service::journalAfter(std::uint64_t sequence, std::size_t limit) const {
    return m_journal.after(sequence, limit);
}

void Service::order(const model::Order& order, Answered answered) {
    engine::OrderGiven given;
    given.kind = order.kind;
    given.who = order.who;
    const model::Configuration& configuration = m_engine.configuration();
    if (order.kind == model::OrderKind::MaintenanceOn || order.kind == model::OrderKind::MaintenanceOff) {
        for (const model::NodeId node : model::bothNodes) {
            if (configuration.nodes[model::indexOf(node)].name != order.node) continue;
            given.aboutPeer = node != m_engine.self();
            m_runner.order(given, std::move(answered));
            return;
        }
        answered({false, "there is no node \"" + order.node + "\"; the nodes are " + configuration.nodes[0].name +
                             " and " + configuration.nodes[1].name});
        return;
    }
    std::string names;
    for (std::size_t i = 0; i < configuration.groups.size(); ++i) {
        if (configuration.groups[i].name == order.group) {
            given.group = model::GroupId(static_cast<std::uint32_t>(i));
            m_runner.order(given, std::move(answered));
            return;
        }
        names += (names.empty() ? "" : ", ") + configuration.groups[i].name;
    }
    answered({false, "there is no group \"" + order.group + "\"; the groups are: " + names});
}

} // namespace dyad::daemon
