// SPDX-License-Identifier: Apache-2.0
// From the engine's own story to the events that hooks are run at. A pure fold over the entries of the journal.
#pragma once

#include "model/configuration.h"
#include "model/journal.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace dyad::daemon {

[[nodiscard]] const char* wordFor(model::HookEvent event); // "after_takeover", as the file has it

class HookEvents {
public:
    // `self` decides which group is at home here.
    HookEvents(const model::Configuration& configuration, model::NodeId self);

    // What this entry means for its group, the more general event first; mostly nothing.
    [[nodiscard]] std::vector<model::HookEvent> take(const model::JournalEntry& entry);

private:
    enum class Way { Start, Takeover, Switchback };
    struct Group {
        bool prefersThis = false;
        Way way = Way::Start;  // by which it is claimed
        bool starting = false; // since it was won: a resource that is restarted later is no start of the group
    };

    std::map<std::string, Group> m_groups;
};

} // namespace dyad::daemon
