// SPDX-License-Identifier: Apache-2.0
// What ProcessAgent needs to know of one program; agents for particular programs (PostgreSQL) are plans.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agents/aside.h"
#include "agents/probe.h"
#include "platform/linux/child.h"
#include "platform/linux/process_sweep.h"

namespace dyad::agents {

struct ProcessPlan {
    std::string label;              // "erp/db"
    std::string recordFile;         // in the run directory: which process it is, for the service's next life
    std::string logFile;            // in the state directory: what the program says
    platform::ProcessTraits traits; // by which its processes are found; the session is filled in once it runs
    int stopSignal = 15;

    // Makes the setup of the next start, and clears what stands in its way. Runs aside (see aside.h): it may read
    // disks.
    std::function<Result<platform::ChildSetup>(const Aside::Cancelled& cancelled)> prepare;

    // Asked every readyInterval until it is well; none: the program is ready as soon as it runs.
    std::function<std::unique_ptr<ProbeRunner>()> makeReadyProbe;
    // A line of the log as progress for people, or empty; called for each new line while the start lasts.
    std::function<std::string(const std::string& line)> progressOf;

    std::function<std::unique_ptr<ProbeRunner>()> makeHealthProbe; // none: not checked
    Duration healthInterval = 5s;
    Duration healthTimeout = 3s;
    unsigned healthFailures = 3;
    unsigned healthOf = 0;   // 0: in a row
    std::string healthWords; // what the health probe asks
};

} // namespace dyad::agents
