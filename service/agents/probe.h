// SPDX-License-Identifier: Apache-2.0
// A probe asks once whether something is well. "Could not run the check" is never "the check failed".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "model/configuration.h"

namespace dyad::agents {

struct ProbeResult {
    enum class Verdict { Well, Failed, CouldNotRun };
    Verdict verdict = Verdict::CouldNotRun;
    std::string detail;
};

class ProbeRunner {
public:
    using Done = std::function<void(const ProbeResult&)>;

    // Destroying a probe that runs cancels it: nothing of it stays behind, `done` isn't called.
    virtual ~ProbeRunner() = default;

    // Asks once; one run at a time. `done` is called once, from the event loop, never from within run(). No answer
    // within `timeout` is Failed. Doesn't block. `done` may destroy the probe.
    virtual void run(Duration timeout, Done done) = 0;
};

// `label` is the mark (see process_agent.h) that processes of a script probe carry.
[[nodiscard]] std::unique_ptr<ProbeRunner> makeProbe(const model::Probe& probe, const std::string& label);

// What it asks, in words without anything secret: "tcp 10.77.0.5 port 80".
[[nodiscard]] std::string describe(const model::Probe& probe);

} // namespace dyad::agents
