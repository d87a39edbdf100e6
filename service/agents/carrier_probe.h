// SPDX-License-Identifier: Apache-2.0
// Well while the interface is up and has a carrier: somebody is at the other end of its cable.
#pragma once

#include "agents/probe.h"
#include "agents/timer.h"

namespace dyad::agents {

class CarrierProbeRunner final : public ProbeRunner {
public:
    // `folder` is where the kernel tells of its interfaces.
    explicit CarrierProbeRunner(model::CarrierProbe settings, std::string folder = "/sys/class/net");
    void run(Duration timeout, Done done) override;

private:
    [[nodiscard]] ProbeResult look() const;

    model::CarrierProbe m_settings;
    std::string m_folder;
    Done m_done;
    Timer m_soon;
};

} // namespace dyad::agents
