// SPDX-License-Identifier: Apache-2.0
#include "daemon/hooks/hook_runner.h"

#include "agents/child_environment.h"
#include "daemon/hooks/hook_events.h"

namespace dyad::daemon {

namespace {
constexpr const char* hookKind = "hook";
}

HookRunner::HookRunner(const model::HookSetup& setup, ports::JournalPort& journal, const ports::Clock& clock)
    : m_setup(setup), m_journal(journal), m_clock(clock), m_next([this] { runNext(); }), m_deadline([this] {
          m_command.reset(); // kills it, with its whole session
          ended("gave no end in " + toText(m_setup.timeout) + " and was killed", "");
      }) {}

void HookRunner::put(const HookOccasion& occasion) {
    if (m_waiting.size() >= maxWaitingOccasions)
        return write(model::Severity::Warning, occasion.group,
                     std::string("is not run at ") + wordFor(occasion.event) + ": " +
                         std::to_string(maxWaitingOccasions) + " earlier ones still wait");
    m_waiting.push_back(occasion);
    if (!m_command && !m_next.running()) m_next.start(Duration(0));
}

void HookRunner::runNext() {
    if (m_command || m_waiting.empty()) return;
    const HookOccasion& occasion = m_waiting.front();
    std::map<std::string, std::string> environment = occasion.environment;
    environment["DYAD_EVENT"] = wordFor(occasion.event);
    environment["DYAD_GROUP"] = occasion.group;
    environment["DYAD_HOOK"] = m_setup.name;
    // The mark is no resource's: nobody sweeps a hook together with the group.
    platform::ChildSetup setup{.command = m_setup.command,
                               .environment = agents::childEnvironment("hook " + m_setup.name, nullptr, environment)};
    m_began = m_clock.now();
    m_command = std::make_unique<agents::CapturedCommand>();
    m_deadline.start(m_setup.timeout);
    const Result<void> running =
        m_command->run(std::move(setup), [this](const platform::ChildEnd& end, const std::string& output) {
            m_command.reset();
            ended(end.clean() ? "" : end.text(), output);
        });
    if (running) return;
    m_command.reset();
    ended(running.error().text(), "");
}

void HookRunner::ended(const std::string& trouble, const std::string& output) {
    m_deadline.stop();
    const HookOccasion occasion = std::move(m_waiting.front());
    m_waiting.pop_front();
    const std::string said = agents::lastLines(output);
    write(trouble.empty() ? model::Severity::Information : model::Severity::Warning, occasion.group,
          std::string("at ") + wordFor(occasion.event) + " " +
              (trouble.empty() ? "ran for " + toText(m_clock.now() - m_began) : "failed: " + trouble) +
              (said.empty() ? "" : ": " + said));
    if (!m_waiting.empty())
        m_next.start(Duration(0));
    else if (onIdle)
        onIdle();
}

void HookRunner::write(model::Severity severity, const std::string& group, const std::string& text) {
    model::JournalEntry entry;
    entry.at = m_clock.now();
    entry.wallClockMs = m_clock.wallClockMs();
    entry.severity = severity;
    entry.kind = hookKind;
    entry.group = group;
    entry.text = "hook " + m_setup.name + " " + text;
    m_journal.write(std::move(entry));
}

} // namespace dyad::daemon
