// SPDX-License-Identifier: Apache-2.0
// The configuration's "process" resource as a plan.
#pragma once

#include "agents/process_plan.h"
#include "model/configuration.h"

namespace dyad::agents {

// Where an agent keeps what must survive the service. Each is a folder of the service's own.
struct Places {
    std::string runDirectory;
    std::string stateDirectory;

    [[nodiscard]] std::string record(const std::string& group, const std::string& resource) const {
        return runDirectory + "/" + group + "." + resource + ".process";
    }
    [[nodiscard]] std::string log(const std::string& group, const std::string& resource) const {
        return stateDirectory + "/logs/" + group + "." + resource + ".log";
    }
};

[[nodiscard]] ProcessPlan planProcess(const model::ProcessSettings& settings, const std::string& group,
                                      const std::string& resource, const Places& places);

} // namespace dyad::agents
