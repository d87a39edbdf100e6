// SPDX-License-Identifier: Apache-2.0
// What one node finds of a configuration that is offered to it: its faults, and what it would take to run it.
#pragma once

#include "model/revision.h"

#include <string>
#include <vector>

namespace dyad::model {

struct Finding {
    bool isError = true; // else a warning
    std::string file;
    unsigned line = 0; // from 1; 0: the file as a whole, or nothing of the file
    unsigned column = 0;
    std::string key;
    std::string value; // as far as it may be shown
    std::string text;
    std::string remedy;

    bool operator==(const Finding&) const = default;
};

struct ChangeBlocker {
    std::string group;
    std::string node; // on which it runs
    std::string why;

    bool operator==(const ChangeBlocker&) const = default;
};

// config/apply/change_plan.h, in words.
struct ChangeSummary {
    std::string restarts; // "nothing", "service", "heart"
    std::vector<std::string> impossible;
    std::vector<ChangeBlocker> mustStop;
    std::vector<std::string> effects;

    [[nodiscard]] bool mayGo() const { return impossible.empty() && mustStop.empty(); }
    bool operator==(const ChangeSummary&) const = default;
};

struct ConfigurationReport {
    std::string node;
    std::uint64_t digest = 0; // of the text that was checked
    std::vector<Finding> findings;
    ChangeSummary plan; // from what the node runs now

    [[nodiscard]] bool good() const {
        for (const Finding& each : findings)
            if (each.isError) return false;
        return plan.mayGo();
    }
};

// The answer to an `apply`: what both nodes found, and what came of it.
struct ApplyReport {
    bool accepted = false; // with dryRun: would be tried
    std::string text;
    Revision revision;                        // that was taken; none where not
    std::vector<ConfigurationReport> reports; // of this node first; of the peer where it could be asked
};

} // namespace dyad::model
