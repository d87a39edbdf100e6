// SPDX-License-Identifier: Apache-2.0
// One step's workplace: the instant, the state, the actions so far and the deadlines met on the way.
#pragma once

#include "engine/action.h"
#include "engine/journal_kinds.h"
#include "engine/state.h"
#include "engine/timeouts.h"
#include "engine/transitions.h"
#include "model/configuration.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dyad::engine {

class StepContext {
public:
    StepContext(const model::Configuration& configuration, model::NodeId self, const Timeouts& timeouts, State& state,
                std::vector<Action>& actions, Instant now);

    const model::Configuration& configuration;
    const model::NodeId self;
    const Timeouts& timeouts;
    State& state;
    const Instant now;

    // True once `at` is reached. Until then it becomes one of the deadlines that nextDeadline() is made of: so whoever
    // asks a question about time is woken when its answer changes.
    bool due(Instant at);
    [[nodiscard]] std::optional<Instant> nextDeadline() const { return m_nextDeadline; }
    // The rest of this step is looked at again from the start, so only deadlines of the last look count.
    void forgetDeadlines() { m_nextDeadline.reset(); }

    void act(Action action) { m_actions.push_back(std::move(action)); }
    void explain(const char* kind, std::string text, const GroupRecord* group = nullptr,
                 std::optional<model::ResourceId> resource = {},
                 model::Severity severity = model::Severity::Information);
    void raise(const std::string& id, model::Severity severity, std::string text, std::string remedy);
    void clear(const std::string& id);
    // The alarm `kind` + `of`. Asked at every step, so no text is made unless it stands.
    void clear(std::string_view kind, std::string_view of) {
        const auto isIt = [&](const std::string& id) {
            return id.size() == kind.size() + of.size() && id.starts_with(kind) && id.ends_with(of);
        };
        const auto found = std::find_if(state.alarms.begin(), state.alarms.end(), isIt);
        if (found != state.alarms.end()) clear(std::string(*found));
    }

    // Follows the table; a row must exist. `detail` is added to the row's sentence.
    void transition(GroupRecord& group, Trigger trigger, const std::string& detail = {});

    void request(GroupRecord& group, LunRecord& lun, model::ReservationCommand command,
                 model::ClaimFrom from = model::ClaimFrom::Nothing,
                 std::optional<model::ReservationKey> expectedHolder = {});
    void request(GroupRecord& group, model::ResourceId resource, model::ResourceVerb verb);

    [[nodiscard]] const model::GroupSetup& setup(const GroupRecord& group) const {
        return configuration.groups[group.id.value];
    }
    [[nodiscard]] const model::ResourceSetup& setup(const GroupRecord& group, model::ResourceId resource) const {
        return setup(group).resources[resource.value];
    }
    [[nodiscard]] const std::string& nodeName(model::NodeId node) const {
        return configuration.nodes[model::indexOf(node)].name;
    }
    [[nodiscard]] const std::string& peerName() const { return nodeName(model::otherNode(self)); }
    [[nodiscard]] const std::string& name(const LunRecord& lun) const { return configuration.luns[lun.id.value].name; }

private:
    std::vector<Action>& m_actions;
    std::optional<Instant> m_nextDeadline;
};

} // namespace dyad::engine
