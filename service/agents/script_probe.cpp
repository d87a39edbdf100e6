// SPDX-License-Identifier: Apache-2.0
#include "agents/script_probe.h"

#include "agents/child_environment.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;

ScriptProbeRunner::ScriptProbeRunner(model::ScriptProbe settings, std::string label)
    : m_settings(std::move(settings)), m_label(std::move(label)), m_deadline([this] {
          finish({Verdict::Failed, "the check gave no answer in time"});
      }),
      m_soon([this] { finish(m_result); }) {}

void ScriptProbeRunner::run(Duration timeout, Done done) {
    m_done = std::move(done);
    m_soon.stop();
    m_command = std::make_unique<CapturedCommand>();
    const Result<void> running =
        m_command->run({.command = m_settings.command, .environment = childEnvironment(m_label, nullptr, {})},
                       [this](const platform::ChildEnd& end, const std::string& output) {
                           const std::string said = lastLines(output);
                           const std::string detail = end.text() + (said.empty() ? "" : ": " + said);
                           if (end.clean()) return finish({Verdict::Well, said});
                           finish({!end.signalled && end.code == 1 ? Verdict::Failed : Verdict::CouldNotRun, detail});
                       });
    if (running) return m_deadline.start(timeout);
    m_result = {Verdict::CouldNotRun, running.error().text()};
    m_soon.start(Duration(0));
}

void ScriptProbeRunner::finish(ProbeResult result) {
    m_deadline.stop();
    m_command.reset();
    const Done done = std::exchange(m_done, nullptr);
    done(result);
}

} // namespace dyad::agents
