// SPDX-License-Identifier: Apache-2.0
#include "daemon/view_builder.h"

#include "engine/judgement/peer.h"
#include "model/link_order.h"

#include <cstdio>

namespace dyad::daemon {

namespace {

model::NodeView nodeView(const engine::Engine& engine, model::NodeId id) {
    const engine::State& state = engine.state();
    model::NodeView view;
    view.name = engine.configuration().nodes[model::indexOf(id)].name;
    view.self = id == engine.self();
    if (view.self) {
        view.liveness = model::Liveness::Alive;
        view.serviceAlive = true;
        view.maintenance = state.maintenance;
        view.leaving = state.leaving;
        view.bootDigest = model::hexadecimal(state.boot.value);
    } else {
        view.liveness = state.peer.liveness;
        view.serviceAlive = state.peer.liveness == model::Liveness::Alive && state.peer.status.serviceAlive;
        view.maintenance = state.peer.status.maintenance;
        view.leaving = state.peer.status.leaving;
        view.bootDigest = state.peer.everHeard ? model::hexadecimal(state.peer.boot.value) : "";
    }
    return view;
}

std::string holderName(const model::Configuration& configuration, const model::ReservationSnapshot& snapshot) {
    if (!snapshot.holder) return "nobody";
    for (const model::NodeId node : model::bothNodes)
        if (snapshot.holder->isOf(configuration.clusterId, node)) return configuration.nodes[model::indexOf(node)].name;
    return "foreign key";
}

model::GroupView groupView(const engine::Engine& engine, const engine::GroupRecord& group,
                           const ports::ResourcePort& resources) {
    const model::GroupSetup& setup = engine.configuration().groups[group.id.value];
    const engine::PeerRecord& peer = engine.state().peer;
    model::GroupView view;
    view.name = setup.name;
    if (setup.prefer) view.preferredNode = engine.configuration().nodes[model::indexOf(*setup.prefer)].name;
    view.ownRole = group.role;
    view.epoch = group.epoch.value;
    view.disabled = group.standing.disabled;
    view.frozen = group.standing.frozen;
    view.why = group.settled ? group.why : "the service has just started and looks at the array and at what runs";
    view.since = group.since;
    const model::GroupStatus* word = peer.everHeard ? engine::wordOn(group, peer.status) : nullptr;
    if (word) {
        view.peerRole = word->role;
        view.peerRoleFresh = peer.liveness == model::Liveness::Alive && peer.status.serviceAlive;
    }
    if (group.role == model::Role::Active)
        view.activeNode = engine.configuration().nodes[model::indexOf(engine.self())].name;
    else if (view.peerRoleFresh && view.peerRole == model::Role::Active)
        view.activeNode = engine.configuration().nodes[model::indexOf(model::otherNode(engine.self()))].name;
    for (std::size_t i = 0; i < group.resources.size(); ++i) {
        const engine::ResourceRecord& resource = group.resources[i];
        view.resources.push_back(
            {.name = setup.resources[i].name,
             .type = setup.resources[i].type,
             .state = resource.state,
             .detail = resource.detail,
             .restarts = static_cast<unsigned>(resource.failures.size()),
             .checks = resources.checks(group.id, model::ResourceId(static_cast<std::uint32_t>(i)))});
    }
    return view;
}

} // namespace

model::ClusterView buildView(const engine::Engine& engine, const ports::HeartReport& heart,
                             const ports::ReservationPort& reservations, const ports::ResourcePort& resources,
                             std::vector<model::AlarmView> alarms, const ports::Clock& clock) {
    const model::Configuration& configuration = engine.configuration();
    model::ClusterView view;
    view.cluster = configuration.clusterName;
    view.profile = configuration.profile == model::Profile::Fast       ? "fast"
                   : configuration.profile == model::Profile::Standard ? "standard"
                                                                       : "relaxed";
    view.node = configuration.nodes[model::indexOf(engine.self())].name;
    view.at = clock.now();
    view.wallClockMs = clock.wallClockMs();
    for (const model::NodeId node : model::bothNodes)
        view.nodes.push_back(nodeView(engine, node));
    for (const std::size_t i : model::linksByPreference(configuration.links)) {
        const model::LinkSetup& link = configuration.links[i];
        view.links.push_back({.name = link.name,
                              .ownAddress = link.ends[model::indexOf(engine.self())].address,
                              .peerAddress = link.ends[model::indexOf(model::otherNode(engine.self()))].address,
                              .report = i < heart.links.size() ? heart.links[i] : model::LinkReport{}});
    }
    for (const engine::GroupRecord& group : engine.state().groups) {
        for (const engine::LunRecord& lun : group.luns) {
            const ports::LunState state = reservations.state(lun.id);
            view.luns.push_back({.name = configuration.luns[lun.id.value].name,
                                 .group = configuration.groups[group.id.value].name,
                                 .pathUp = state.pathUp,
                                 .gateOpen = state.gateOpen,
                                 .known = lun.known,
                                 .snapshot = lun.snapshot,
                                 .readAt = lun.readFrom,
                                 .holderName = holderName(configuration, lun.snapshot),
                                 .detail = state.detail});
        }
        view.groups.push_back(groupView(engine, group, resources));
    }
    view.alarms = std::move(alarms);
    return view;
}

} // namespace dyad::daemon
