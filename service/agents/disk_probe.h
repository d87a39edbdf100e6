// SPDX-License-Identifier: Apache-2.0
// Well when a small write, or read, reaches the disk within its limit. It happens in a child: what hangs there hangs
// alone, and no second one is begun beside it.
#pragma once

#include <memory>

#include "agents/descriptor_watch.h"
#include "agents/probe.h"
#include "agents/timer.h"
#include "platform/linux/disk_touch.h"

namespace dyad::agents {

class DiskProbeRunner final : public ProbeRunner {
public:
    explicit DiskProbeRunner(model::DiskProbe settings);
    ~DiskProbeRunner() override;
    void run(Duration timeout, Done done) override;

private:
    void begin();
    void answered();
    void abandon();
    void finish(ProbeResult::Verdict verdict, const std::string& detail);

    model::DiskProbe m_settings;
    Done m_done;
    platform::DiskTouch m_touch;
    platform::FileDescriptor m_hanging; // a child that was killed and has not ended yet
    std::unique_ptr<DescriptorWatch> m_watch;
    Timer m_deadline;
    Timer m_soon;
};

} // namespace dyad::agents
