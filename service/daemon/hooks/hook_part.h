// SPDX-License-Identifier: Apache-2.0
// Stands between the engine's story and the journal: passes every entry on, and sees which hooks it means.
#pragma once

#include "daemon/hooks/hook_events.h"
#include "daemon/hooks/hook_runner.h"

#include <memory>
#include <vector>

namespace dyad::daemon {

class HookPart final : public ports::JournalPort {
public:
    // Journal and clock outlive the part.
    HookPart(const model::Configuration& configuration, model::NodeId self, ports::JournalPort& journal,
             const ports::Clock& clock);

    void write(model::JournalEntry entry) override;
    // Once nothing runs or waits any more, or after `patience`: what still runs is killed with the service. `idle` may
    // be called from within. For the end of the service.
    void whenIdle(Duration patience, std::function<void()> idle);

private:
    void tellIfIdle();
    struct Hook {
        model::HookSetup setup;
        std::string group; // its only one; empty: all
        std::unique_ptr<HookRunner> runner;
    };

    ports::JournalPort& m_journal;
    HookEvents m_events;
    std::string m_cluster;
    std::string m_node;
    std::string m_peer;
    std::vector<Hook> m_hooks;
    std::function<void()> m_idle;
    agents::Timer m_patience;
};

} // namespace dyad::daemon
