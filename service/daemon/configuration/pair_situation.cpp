// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/pair_situation.h"

#include <algorithm>

namespace dyad::daemon {

namespace {

// It runs, may run, or is on its way; a standby has nothing to lose.
bool mayRun(model::Role role) {
    return role != model::Role::Standby && role != model::Role::Maintenance && role != model::Role::Failed;
}

bool somethingLeft(const engine::GroupRecord& group) {
    return std::any_of(group.resources.begin(), group.resources.end(), [](const engine::ResourceRecord& resource) {
        return resource.state != model::ResourceState::Stopped && resource.state != model::ResourceState::Unknown;
    });
}

} // namespace

PairSituation situationOf(const engine::Engine& engine) {
    const engine::State& state = engine.state();
    const model::Configuration& configuration = engine.configuration();
    PairSituation pair;
    pair.peerHeard = state.peer.liveness == model::Liveness::Alive;
    pair.peerLost = state.peer.liveness == model::Liveness::Lost ||
                    (state.peer.liveness == model::Liveness::Unknown && !state.peer.everHeard);
    pair.peerServed = pair.peerHeard && state.peer.everHeard && state.peer.status.serviceAlive;
    pair.peerRuns = state.peer.everHeard ? state.peer.status.configurationDigest : 0;
    const std::string& own = configuration.nodes[model::indexOf(engine.self())].name;
    const std::string& peer = configuration.nodes[model::indexOf(model::otherNode(engine.self()))].name;
    for (const engine::GroupRecord& group : state.groups) {
        const bool here = mayRun(group.role) || somethingLeft(group);
        const auto& words = state.peer.status.groups;
        const bool there = !pair.peerLost && state.peer.everHeard && group.id.value < words.size() &&
                           mayRun(words[group.id.value].role);
        pair.groups.push_back({here ? own : there ? peer : ""});
        pair.ownHere = pair.ownHere || here;
        pair.ownThere = pair.ownThere || there;
    }
    return pair;
}

} // namespace dyad::daemon
