// SPDX-License-Identifier: Apache-2.0
// An agent knows how to start, stop and probe one resource. One object per resource; lives on the service's event loop.
#pragma once

#include "model/checks.h"
#include "model/messages.h"

#include <functional>
#include <string>

namespace dyad::ports {

struct AgentResult {
    model::ResourceOutcome outcome = model::ResourceOutcome::Failed;
    std::string detail;
};
using AgentDone = std::function<void(AgentResult)>;

struct AgentNotice {
    model::ResourceNotice::Kind kind = model::ResourceNotice::Kind::Died;
    std::string detail;
};

// The engine keeps the time-outs: it calls stop() or kill() on an agent whose start() takes too long, and kill() on one
// whose stop() does. So an agent needs no time-out of its own, but each call must be able to overtake an earlier one:
//   stop() or kill() during start(): the start ends with Failed (or its `done` is dropped), nothing of it stays behind
//   kill() during stop(): the stop's `done` may be dropped
// No call blocks; `done` may be called from within the call. Start of what runs, and stop of what doesn't, succeed.
class Agent {
public:
    virtual ~Agent() = default;

    std::function<void(const AgentNotice&)> onNotice; // Died and Unhealthy only while Running; Progress at any time

    virtual void start(bool takeover, AgentDone done) = 0;
    virtual void stop(AgentDone done) = 0;
    // By force, with everything it left behind. Must work without the array, the network or a healthy process.
    virtual void kill(AgentDone done) = 0;
    // Finds out what is true. What runs from an earlier life of the service is supervised from now on.
    virtual void probe(AgentDone done) = 0;
    // What its checks have said so far, for people.
    [[nodiscard]] virtual model::ResourceChecks checks() const { return {}; }
};

} // namespace dyad::ports
