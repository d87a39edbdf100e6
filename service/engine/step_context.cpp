// SPDX-License-Identifier: Apache-2.0
#include "engine/step_context.h"

#include "base/check.h"
#include "engine/judgement/lease.h"

namespace dyad::engine {

StepContext::StepContext(const model::Configuration& theConfiguration, model::NodeId theNode,
                         const Timeouts& theTimeouts, State& theState, std::vector<Action>& actions, Instant theInstant)
    : configuration(theConfiguration), self(theNode), timeouts(theTimeouts), state(theState), now(theInstant),
      m_actions(actions) {}

bool StepContext::due(Instant at) {
    if (now >= at) return true;
    if (!m_nextDeadline || at < *m_nextDeadline) m_nextDeadline = at;
    return false;
}

void StepContext::explain(const char* kind, std::string text, const GroupRecord* group,
                          std::optional<model::ResourceId> resource, model::Severity severity) {
    act(Explain{severity, kind, group ? std::optional(group->id) : std::nullopt, resource, std::move(text)});
}

void StepContext::raise(const std::string& id, model::Severity severity, std::string text, std::string remedy) {
    if (state.alarms.insert(id).second) act(RaiseAlarm{id, severity, std::move(text), std::move(remedy)});
}

void StepContext::clear(const std::string& id) {
    if (state.alarms.erase(id) > 0) act(ClearAlarm{id});
}

void StepContext::transition(GroupRecord& group, Trigger trigger, const std::string& detail) {
    const Transition* row = findTransition(group.role, trigger);
    DYAD_CHECK(row, "a group was to change its role in a way that the transition table doesn't have");
    group.role = row->to;
    group.since = now;
    group.why = row->text;
    if (!detail.empty()) group.why += " (" + detail + ")";
    const bool bad = row->to == model::Role::Lost || row->to == model::Role::Failed;
    explain(kind::roleChanged,
            std::string(model::toText(row->from)) + " → " + model::toText(row->to) + ": " + group.why, &group, {},
            bad ? model::Severity::Critical : model::Severity::Information);
}

void StepContext::request(GroupRecord& group, LunRecord& lun, model::ReservationCommand command, model::ClaimFrom from,
                          std::optional<model::ReservationKey> expectedHolder) {
    state.lastOperation = state.lastOperation.next();
    lun.pending = PendingReservation{state.lastOperation, group.epoch, command, now + timeouts.reservationAnswer()};
    if (command != model::ReservationCommand::Read) lun.answer.reset();
    act(model::ReservationRequest{state.lastOperation, group.epoch, group.id, lun.id, command, group.key, from,
                                  expectedHolder});
}

void StepContext::request(GroupRecord& group, model::ResourceId resource, model::ResourceVerb verb) {
    using model::ResourceState;
    using model::ResourceVerb;
    ResourceRecord& record = group.resources[resource.value];
    Duration patience = timeouts.killDeadline();
    switch (verb) {
    case ResourceVerb::Start:
        // S1: nothing starts before a read-back in the current epoch showed our reservation on every LUN.
        DYAD_CHECK(leaseProven(group), "a resource was to be started without a proven lease");
        record.state = ResourceState::Starting;
        record.mayRun = true;
        patience = setup(group, resource).startTimeout;
        explain(kind::resourceStarting, setup(group, resource).name + " is started", &group, resource);
        break;
    case ResourceVerb::Stop:
        record.state = ResourceState::Stopping;
        patience = setup(group, resource).stopTimeout;
        break;
    case ResourceVerb::Kill: record.state = ResourceState::Stopping; break;
    case ResourceVerb::Probe: break;
    }
    record.detail.clear();
    state.lastOperation = state.lastOperation.next();
    record.pending = PendingResource{state.lastOperation, group.epoch, verb, now + patience};
    act(model::ResourceRequest{state.lastOperation, group.epoch, group.id, resource, verb, group.takeover});
}

} // namespace dyad::engine
