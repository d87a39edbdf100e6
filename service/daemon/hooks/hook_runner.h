// SPDX-License-Identifier: Apache-2.0
// Runs the commands of one hook, one after the other in the order of what has happened. Nothing waits for them, their
// time and output are bounded, and what became of each is written to the journal.
#pragma once

#include "agents/captured_command.h"
#include "agents/timer.h"
#include "model/configuration.h"
#include "ports/outside.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace dyad::daemon {

inline constexpr std::size_t maxWaitingOccasions = 16; // of one hook; a further one is left out, and that is told

// One thing that has happened to one group.
struct HookOccasion {
    model::HookEvent event = model::HookEvent::BeforeStart;
    std::string group;
    std::map<std::string, std::string> environment; // beside DYAD_EVENT, DYAD_GROUP and DYAD_HOOK
};

class HookRunner {
public:
    // Both outlive the runner.
    HookRunner(const model::HookSetup& setup, ports::JournalPort& journal, const ports::Clock& clock);

    // Doesn't run anything itself: that comes from the event loop.
    void put(const HookOccasion& occasion);
    [[nodiscard]] bool idle() const { return m_waiting.empty(); }
    std::function<void()> onIdle;

private:
    void runNext();
    void ended(const std::string& trouble, const std::string& output);
    void write(model::Severity severity, const std::string& group, const std::string& text);

    model::HookSetup m_setup;
    ports::JournalPort& m_journal;
    const ports::Clock& m_clock;
    std::deque<HookOccasion> m_waiting; // the first is the one that runs, where one does
    std::unique_ptr<agents::CapturedCommand> m_command;
    Instant m_began;
    agents::Timer m_next;
    agents::Timer m_deadline;
};

} // namespace dyad::daemon
