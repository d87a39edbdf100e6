// SPDX-License-Identifier: Apache-2.0
#include "engine/invariants.h"

#include "base/check.h"
#include "engine/judgement/lease.h"

namespace dyad::engine {

void checkInvariants(const State& state) {
    using model::ResourceState;
    using model::ResourceVerb;
    using model::Role;
    for (const GroupRecord& group : state.groups) {
        if (owns(group.role)) DYAD_CHECK(leaseProven(group), "a group is run without a lease proven in its epoch");
        DYAD_CHECK(!group.released || !owns(group.role), "a group is run that was said to be released");
        DYAD_CHECK(!group.releasing || group.role == Role::Stopping,
                   "LUNs are released by a group that isn't stopping");
        for (const ResourceRecord& resource : group.resources) {
            const bool starts = resource.pending && resource.pending->verb == ResourceVerb::Start;
            DYAD_CHECK(!starts || owns(group.role) || group.role == Role::Lost || group.role == Role::Failed,
                       "a resource is started by a node that doesn't own its group");
            if (group.settled &&
                (group.role == Role::Standby || group.role == Role::Claiming || group.role == Role::Maintenance))
                DYAD_CHECK(resource.state == ResourceState::Stopped,
                           "a resource is not stopped on a node that doesn't own its group");
            if (group.role == Role::Active)
                DYAD_CHECK(resource.state == ResourceState::Running,
                           "a group is called active with a resource that doesn't run");
            if (group.releasing)
                DYAD_CHECK(resource.state == ResourceState::Stopped,
                           "a LUN is released while a resource still uses it");
        }
    }
}

} // namespace dyad::engine
