// SPDX-License-Identifier: Apache-2.0
// Well when a command exits with 0, failed with 1; anything else means that the check could not be run.
#pragma once

#include "agents/captured_command.h"
#include "agents/probe.h"

namespace dyad::agents {

class ScriptProbeRunner final : public ProbeRunner {
public:
    ScriptProbeRunner(model::ScriptProbe settings, std::string label);
    void run(Duration timeout, Done done) override;

private:
    void finish(ProbeResult result);

    model::ScriptProbe m_settings;
    std::string m_label;
    Done m_done;
    ProbeResult m_result;
    std::unique_ptr<CapturedCommand> m_command;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
