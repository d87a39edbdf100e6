// SPDX-License-Identifier: Apache-2.0
#include "daemon/hooks/hook_part.h"

#include <algorithm>

namespace dyad::daemon {

HookPart::HookPart(const model::Configuration& configuration, model::NodeId self, ports::JournalPort& journal,
                   const ports::Clock& clock)
    : m_journal(journal), m_events(configuration, self), m_cluster(configuration.clusterName),
      m_node(configuration.nodes[model::indexOf(self)].name),
      m_peer(configuration.nodes[model::indexOf(model::otherNode(self))].name), m_patience([this] {
          const std::function<void()> idle = std::exchange(m_idle, nullptr);
          if (idle) idle();
      }) {
    for (const model::HookSetup& setup : configuration.hooks)
        m_hooks.push_back({setup, setup.group ? configuration.groups[setup.group->value].name : "",
                           std::make_unique<HookRunner>(setup, journal, clock)});
    for (const Hook& hook : m_hooks)
        hook.runner->onIdle = [this] { tellIfIdle(); };
}

void HookPart::whenIdle(Duration patience, std::function<void()> idle) {
    m_idle = std::move(idle);
    m_patience.start(patience);
    tellIfIdle();
}

void HookPart::tellIfIdle() {
    if (!m_idle || std::any_of(m_hooks.begin(), m_hooks.end(), [](const Hook& each) { return !each.runner->idle(); }))
        return;
    m_patience.start(Duration(0)); // off the command's own call
}

void HookPart::write(model::JournalEntry entry) {
    const std::vector<model::HookEvent> events =
        m_hooks.empty() ? std::vector<model::HookEvent>() : m_events.take(entry);
    HookOccasion occasion;
    if (!events.empty()) {
        occasion.group = entry.group;
        occasion.environment = {{"DYAD_CLUSTER", m_cluster},
                                {"DYAD_NODE", m_node},
                                {"DYAD_PEER", m_peer},
                                {"DYAD_REASON", entry.text},
                                {"DYAD_TIME_MS", std::to_string(entry.wallClockMs)}};
    }
    m_journal.write(std::move(entry)); // what is told of a hook stands below what it was run for
    for (const model::HookEvent event : events) {
        occasion.event = event;
        for (const Hook& hook : m_hooks) {
            const bool wanted =
                std::find(hook.setup.events.begin(), hook.setup.events.end(), event) != hook.setup.events.end();
            if (wanted && (hook.group.empty() || hook.group == occasion.group)) hook.runner->put(occasion);
        }
    }
}

} // namespace dyad::daemon
