// SPDX-License-Identifier: Apache-2.0
// Three pictures of one pair: all well, links cut, group failed.
#pragma once

#include "model/view.h"

namespace dyad::test {

inline constexpr Instant viewAt = Instant::fromNanoseconds(90'000'000'000'000);
inline constexpr std::int64_t viewWallMs = 1'795'365'603'000; // 2026-11-22 16:40:03 UTC

inline model::ReservationKey sampleKey(model::NodeId node, std::uint32_t epoch) {
    return model::ReservationKey::make(0x5d2a, node, model::BootDigest(0xa3), model::Epoch(epoch)).withLogin(1);
}

inline model::ClusterView healthyView() {
    using namespace model;
    ClusterView view;
    view.cluster = "erp-pair";
    view.profile = "standard";
    view.node = "alpha";
    view.at = viewAt;
    view.wallClockMs = viewWallMs;
    view.nodes = {
        {.name = "alpha",
         .self = true,
         .liveness = Liveness::Alive,
         .serviceAlive = true,
         .bootDigest = "00000000000000a3"},
        {.name = "beta", .liveness = Liveness::Alive, .serviceAlive = true, .bootDigest = "00000000000000b7"}};
    LinkReport report{.liveness = Liveness::Alive,
                      .peerHearsUs = true,
                      .lastHeard = viewAt - 40ms,
                      .everHeard = true,
                      .roundTrip = 210us,
                      .lossRatio = 0,
                      .received = 22800,
                      .rejected = 0};
    view.links = {{"private", "10.77.1.1", "10.77.1.2", report}, {"public", "10.77.0.1", "10.77.0.2", report}};
    view.links[1].report.roundTrip = 1300us;
    view.links[1].report.lossRatio = 0.02;
    LunView lun{.name = "array", .group = "erp", .pathUp = true, .gateOpen = true, .known = true};
    lun.snapshot = {.generation = 7,
                    .registrants = {sampleKey(NodeId::First, 3)},
                    .holder = sampleKey(NodeId::First, 3),
                    .type = ReservationType::WriteExclusive};
    lun.readAt = viewAt - 200ms;
    lun.holderName = "alpha";
    view.luns = {lun};
    GroupView group{.name = "erp",
                    .preferredNode = "alpha",
                    .activeNode = "alpha",
                    .ownRole = Role::Active,
                    .peerRole = Role::Standby,
                    .peerRoleFresh = true,
                    .epoch = 3,
                    .why = "every resource runs",
                    .since = viewAt - 38min};
    group.resources = {{"data", "filesystem", ResourceState::Running, "ext4 on /srv/erp", 0},
                       {"database", "postgresql", ResourceState::Running, "", 0},
                       {"address", "address", ResourceState::Running, "10.77.0.100/24 on eth0", 0}};
    view.groups = {group};
    return view;
}

// Both links are cut; alpha still holds the array and serves.
inline model::ClusterView splitView() {
    model::ClusterView view = healthyView();
    view.nodes[1].liveness = model::Liveness::Lost;
    view.nodes[1].serviceAlive = false;
    for (model::LinkView& link : view.links) {
        link.report.liveness = model::Liveness::Lost;
        link.report.peerHearsUs = false;
        link.report.lossRatio = 1;
        link.report.lastHeard = viewAt - 42s;
    }
    view.luns[0].snapshot.registrants.push_back(sampleKey(model::NodeId::Second, 4));
    view.groups[0].peerRoleFresh = false;
    view.alarms = {{"peer.lost", model::Severity::Critical, "beta is silent on every link",
                    "Look at beta's power and cables", viewAt - 42s, viewWallMs - 42000}};
    return view;
}

// The database failed on both nodes; nothing is served.
inline model::ClusterView failedView() {
    using namespace model;
    ClusterView view = healthyView();
    GroupView& group = view.groups[0];
    group.activeNode.clear();
    group.ownRole = Role::Failed;
    group.peerRole = Role::Failed;
    group.why = "database failed more often than its restart limit allows, and beta has failed as well";
    group.since = viewAt - 95s;
    group.resources[0].state = ResourceState::Stopped;
    group.resources[0].detail.clear();
    group.resources[1].state = ResourceState::Failed;
    group.resources[1].detail = "exit status 1: FATAL: could not write lock file: No space left on device";
    group.resources[1].restarts = 2;
    group.resources[2].state = ResourceState::Stopped;
    group.resources[2].detail.clear();
    view.luns[0].snapshot = {.generation = 9};
    view.luns[0].holderName = "nobody";
    view.luns[0].gateOpen = false;
    view.alarms = {{"group.failed:erp", Severity::Critical, "erp has failed on both nodes",
                    "Free space on /srv/erp, then: dyad clear-failure erp", viewAt - 95s, viewWallMs - 95000}};
    return view;
}

} // namespace dyad::test
