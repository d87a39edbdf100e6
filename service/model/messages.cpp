// SPDX-License-Identifier: Apache-2.0
#include "model/messages.h"

namespace dyad::model {

const char* toText(ResourceVerb verb) {
    switch (verb) {
    case ResourceVerb::Start: return "start";
    case ResourceVerb::Stop: return "stop";
    case ResourceVerb::Kill: return "kill";
    case ResourceVerb::Probe: return "probe";
    }
    return "?";
}

const char* toText(ResourceOutcome outcome) {
    switch (outcome) {
    case ResourceOutcome::Running: return "running";
    case ResourceOutcome::Stopped: return "stopped";
    case ResourceOutcome::Failed: return "failed";
    case ResourceOutcome::CouldNotRun: return "could not run";
    case ResourceOutcome::Starting: return "starting";
    }
    return "?";
}

} // namespace dyad::model
