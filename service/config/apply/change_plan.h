// SPDX-License-Identifier: Apache-2.0
// What it takes to get from one configuration to another while the pair runs. Pure. The service takes a new
// configuration by restarting itself in place; what runs is adopted, as after an upgrade. That works for all that the
// adoption finds again under the same name, place and settings; a group of which it would not must be stopped first.
#pragma once

#include "model/configuration.h"

#include <string>
#include <vector>

namespace dyad::config {

enum class Reach : std::uint8_t {
    Nothing, // only comments or spelling
    Service, // dyadd restarts itself in place
    Heart,   // and dyad-heart is replaced
};
[[nodiscard]] const char* toText(Reach reach);

struct Blocker {
    std::string group;
    std::string node; // on which it runs
    std::string why;
};

struct ChangePlan {
    Reach reach = Reach::Nothing;
    std::vector<std::string> impossible; // can't be done while the services run at all; each with what to do
    std::vector<Blocker> mustStop;       // groups that run and can't be adopted
    std::vector<std::string> effects;    // what will happen, a sentence each
    // Time-outs get shorter: whoever owns something goes first, because the node that waits for it must be the more
    // patient one meanwhile. Else the one that owns nothing does.
    bool ownerFirst = false;

    [[nodiscard]] bool mayGo() const { return impossible.empty() && mustStop.empty(); }
};

// Where a group runs (or may run: claiming, stopping, failed with something left), by the ids of `from`; empty: nowhere.
struct GroupWhereabouts {
    std::string node;

    bool operator==(const GroupWhereabouts&) const = default;
};

[[nodiscard]] ChangePlan planChange(const model::Configuration& from, const model::Configuration& to,
                                    const std::vector<GroupWhereabouts>& groups);

} // namespace dyad::config
