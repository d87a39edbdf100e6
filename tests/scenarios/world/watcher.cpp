// SPDX-License-Identifier: Apache-2.0
#include "world/watcher.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::world {

using model::GroupId;
using model::NodeId;

namespace {

bool present(const Host& host) { return host.powered() && !host.frozen(); }

} // namespace

void Watcher::broken(const std::string& rule) {
    if (m_broken.empty()) m_broken.push_back(rule);
}

bool Watcher::lastsLonger(const Bend& bend, bool bent, Duration patience) {
    if (!bent) {
        m_bentSince.erase(bend);
        return false;
    }
    const Instant since = m_bentSince.emplace(bend, m_world.clock().now()).first->second;
    return m_world.clock().now() - since > patience;
}

void Watcher::look() {
    for (const NodeId node : model::bothNodes)
        for (std::size_t i = 0; i < m_world.array().luns(); ++i) {
            const model::LunId lun(static_cast<std::uint32_t>(i));
            if (m_world.array().takesWritesOf(node, lun)) m_heldAt[{node, lun}] = m_world.clock().now();
        }
    for (std::size_t i = 0; i < m_world.configuration().groups.size(); ++i) {
        const GroupId group(static_cast<std::uint32_t>(i));
        lookAtWriters(group);
        lookAtRegistrants(group);
        lookAtDoubles(group);
    }
}

// Over all LUNs of a group, at most one node may have a way to write.
void Watcher::lookAtWriters(GroupId group) {
    const auto& setup = m_world.configuration().groups[group.value];
    unsigned writers = 0;
    for (const NodeId node : model::bothNodes) {
        const Host& host = m_world.host(node);
        const bool runs = std::any_of(host.resources(group).begin(), host.resources(group).end(),
                                      [](const auto& each) { return each.running; });
        writers += runs && std::any_of(setup.luns.begin(), setup.luns.end(), [&](model::LunId lun) {
                       return host.powered() && host.session(lun).gateOpen && m_world.array().takesWritesOf(node, lun);
                   });
    }
    if (writers > 1) broken("both nodes run group " + setup.name + " and can write to one of its LUNs");
}

// A key beside the holder's is a challenge: somebody claims, or will be defended against, or withdraws.
void Watcher::lookAtRegistrants(GroupId group) {
    const auto& setup = m_world.configuration().groups[group.value];
    for (const model::LunId lun : setup.luns) {
        for (const NodeId node : model::bothNodes) {
            const Host& host = m_world.host(node);
            const engine::Engine* engine = host.engine();
            // What a dead boot left is nobody's any more; who isn't there, or has no path, can't withdraw.
            const bool beside =
                engine && present(host) && host.session(lun).path &&
                engine->state().groups[group.value].role != model::Role::Claiming &&
                m_world.array().standsBeside(lun, m_world.configuration().clusterId, node, engine->state().boot);
            if (lastsLonger({'k', group.value, lun.value, model::indexOf(node)}, beside,
                            engine ? engine->timeouts().challengeWindow * 3 : Duration(0)))
                broken("the key of " + m_world.configuration().nodes[model::indexOf(node)].name + " stands on LUN " +
                       m_world.configuration().luns[lun.value].name + " of group " + setup.name +
                       " though it neither owns nor claims");
        }
    }
}

// The same resource on two hosts that are there and whose services run: one of them has lost its lease and must notice.
void Watcher::lookAtDoubles(GroupId group) {
    const auto& setup = m_world.configuration().groups[group.value];
    const Host& a = m_world.host(NodeId::First);
    const Host& b = m_world.host(NodeId::Second);
    const bool watched = present(a) && present(b) && a.engine() && b.engine();
    // Without an array a partition can't be told from a death; the double must end once the nodes hear each other.
    const bool apart = setup.luns.empty() && (m_world.cutBetween(NodeId::First) || m_world.cutBetween(NodeId::Second));
    bool stuck = false;
    for (const Host* host : {&a, &b})
        for (const VirtualResource& each : host->resources(group))
            stuck = stuck || each.killHung;
    for (std::size_t i = 0; i < setup.resources.size(); ++i) {
        const bool both = a.resources(group)[i].running && b.resources(group)[i].running;
        // What can't be killed holds the rest of its group up; its host resets itself for it.
        const Duration term = watched ? a.engine()->timeouts().leaseTerm() : Duration(0);
        const Duration patience = stuck && watched ? term + a.engine()->timeouts().killDeadline() : term;
        if (lastsLonger({'d', group.value, i, 0}, both && watched && !apart, patience))
            broken(setup.resources[i].name + " of group " + setup.name + " runs on both nodes");
    }
}

// The proof may be as old as the lease term, no older: the array itself guards the time between.
void Watcher::startRequested(NodeId node, const model::ResourceRequest& request) {
    const auto& setup = m_world.configuration().groups[request.group.value];
    const Duration term = m_world.host(node).engine()->timeouts().leaseTerm();
    for (const model::LunId lun : setup.luns) {
        const auto held = m_heldAt.find({node, lun});
        if (held == m_heldAt.end() || m_world.clock().now() - held->second > term)
            broken(setup.resources[request.resource.value].name + " of group " + setup.name + " is started on " +
                   m_world.configuration().nodes[model::indexOf(node)].name + " without a reservation on LUN " +
                   m_world.configuration().luns[lun.value].name);
    }
}

void Watcher::arrayAsked(NodeId node) {
    const std::size_t i = model::indexOf(node);
    if (m_world.clock().now() - m_tickFrom[i] > 20ms) {
        m_tickFrom[i] = m_world.clock().now();
        m_asked[i] = 0;
    }
    if (++m_asked[i] > maxArrayCommandsPerTick * (1 + m_world.configuration().luns.size()))
        broken(m_world.configuration().nodes[i].name + " floods the array with commands");
}

void Watcher::stepped(NodeId node) {
    const std::size_t i = model::indexOf(node);
    if (m_world.clock().now() != m_steppedAt[i]) {
        m_steppedAt[i] = m_world.clock().now();
        m_steps[i] = 0;
    }
    if (++m_steps[i] > maxStepsPerInstant)
        broken("the engine of " + m_world.configuration().nodes[i].name + " spins in one instant");
}

} // namespace dyad::world
