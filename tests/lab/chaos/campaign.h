// SPDX-License-Identifier: Apache-2.0
// The real programs under random faults, with two customers that write all the time. One episode after the other:
// faults, heal, back within the bound, everything looked at, calm.
#pragma once

#include "lab/chaos/plan.h"

#include <cstdint>
#include <string>

namespace dyad::lab {

struct CampaignOptions {
    Plan plan;
    std::uint64_t seed = 0; // for the reports alone; the plan is drawn
    unsigned minutes = 0;   // no episode begins after so long; 0: the whole plan
    std::string profile = "standard";
    bool json = false;
    bool keepGoing = false; // after a failed episode
};

// Exit status: 0 only if every check held. Nothing of the lab stays behind; what failed leaves a folder that is named.
int campaignMain(const CampaignOptions& options);

} // namespace dyad::lab
