// SPDX-License-Identifier: Apache-2.0
// Well when a TCP connection comes about.
#pragma once

#include <memory>

#include "agents/descriptor_watch.h"
#include "agents/probe.h"
#include "agents/timer.h"
#include "platform/linux/file_descriptor.h"

namespace dyad::agents {

class TcpProbeRunner final : public ProbeRunner {
public:
    explicit TcpProbeRunner(model::TcpProbe settings);
    void run(Duration timeout, Done done) override;

private:
    void finish(ProbeResult::Verdict verdict, std::string detail);
    ProbeResult begin();

    model::TcpProbe m_settings;
    Done m_done;
    ProbeResult m_result;
    platform::FileDescriptor m_socket;
    std::unique_ptr<DescriptorWatch> m_watch;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
