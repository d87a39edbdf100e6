// SPDX-License-Identifier: Apache-2.0
// What the parts of the world tell goes to whoever watches: into the truth, the counts, the digest, to the checkers.
#include "world/world.h"

namespace dyad::simulator {

void World::see(Sight sight) {
    for (Checker* each : m_watchers[static_cast<std::size_t>(sight.kind)]) {
        each->see(sight, m_truth);
        if (!each->broken.empty() && !m_broken) m_broken = each;
        planLook(*each);
    }
}

void World::planLook(const Checker& checker) {
    if (!checker.lookAgain || (m_lookPlanned && *m_lookPlanned <= *checker.lookAgain)) return;
    m_lookPlanned = checker.lookAgain;
    plan(*checker.lookAgain - m_now, {.what = Happens::CheckerLooks});
}

void World::keysMayHaveChanged(std::size_t lun) {
    const LogicalUnit& unit = m_units[lun];
    if (unit.changes() == m_keysSeen[lun]) return;
    m_keysSeen[lun] = unit.changes();
    m_digest.add(0x6b657973 ^ (static_cast<std::uint64_t>(m_now.count()) << 4));
    noteKeys(lun);
    see({.kind = SightKind::KeysChanged, .lun = static_cast<std::uint32_t>(lun)});
}

void World::noteKeys(std::size_t lun) {
    const LogicalUnit& unit = m_units[lun];
    const std::optional<LogicalUnit::Registration> holder = unit.holder();
    UnitTruth& truth = m_truth.units[lun];
    truth.holder = holder ? holder->nexus.node : nobody;
    truth.heldByPresentBoot = holder && holder->nexus.node < 2 &&
                              holder->key.isOf(m_configuration.clusterId, model::bothNodes[holder->nexus.node]) &&
                              holder->key.isOfBoot(m_hosts[holder->nexus.node]->boot());
    truth.beside = {}; // a node's own earlier login beside its later one is a ghost, not a challenge
    for (const LogicalUnit::Registration& each : unit.registrations())
        for (std::uint8_t node = 0; node < 2; ++node)
            if (each.key.isOf(m_configuration.clusterId, model::bothNodes[node]) &&
                each.key.isOfBoot(m_hosts[node]->boot()) && !(holder && holder->nexus.node == node))
                truth.beside[node] = true;
}

void World::gateMoved(std::uint8_t node, std::uint16_t lun, bool open) {
    m_truth.units[lun].gate[node] = open;
    see({.kind = open ? SightKind::GateOpened : SightKind::GateShut,
         .node = node,
         .boot = m_hosts[node]->boots(),
         .lun = lun});
}

void World::resourceMoved(std::uint8_t node, std::uint32_t group, std::uint32_t resource) {
    ResourceTruth& truth = m_truth.nodes[node].resources[group][resource];
    truth.there = m_hosts[node]->resources().at(group, resource).there;
    see({.kind = SightKind::ResourceChanged, .node = node, .group = group, .resource = resource});
}

void World::bentResource(std::uint8_t node, std::uint16_t target) {
    m_truth.nodes[node].resources[target / 16u][target % 16u].bent = true;
}

void World::roleChanged(std::uint8_t node, std::uint32_t group, model::Role from, model::Role to, bool takeover) {
    m_truth.nodes[node].role[group] = to;
    if (from == model::Role::Claiming && to == model::Role::Starting)
        ++(takeover ? m_counts.takeovers : m_counts.switchovers);
    m_digest.add((std::uint64_t{node} << 8) ^ (std::uint64_t{group} << 4) ^ static_cast<std::uint64_t>(to));
    see({.kind = SightKind::RoleChanged, .node = node, .group = group});
}

void World::startAsked(std::uint8_t node, std::uint32_t group, std::uint32_t resource) {
    see({.kind = SightKind::StartAsked, .node = node, .group = group, .resource = resource});
}

void World::acknowledged(std::uint32_t lun, std::uint32_t slot, std::uint64_t token) {
    ++m_counts.acknowledgedWrites;
    see({.kind = SightKind::Acknowledged, .lun = lun, .slot = slot, .token = token});
}

void World::noteTruth(std::uint8_t node) {
    Host& host = *m_hosts[node];
    NodeTruth& truth = m_truth.nodes[node];
    if (truth.boot != host.boots())
        for (auto& group : truth.resources)
            for (ResourceTruth& each : group)
                each.bent = false;
    const bool rebooted = truth.boot != host.boots();
    truth.boot = host.boots();
    for (std::size_t i = 0; rebooted && i < m_units.size(); ++i)
        noteKeys(i); // what stands there is of a dead boot now
    truth.powered = host.powered();
    truth.still = host.still();
    truth.slow = host.slow();
    truth.heart = host.heart().runs();
    truth.service = host.service().runs();
    truth.serviceLife = host.service().life();
    truth.gateway = host.gateway;
    for (std::size_t i = 0; i < m_units.size(); ++i)
        truth.path[i] = pathWorks(node, i) && !arrayAway();
}

void World::hostChanged(std::uint8_t node) {
    if (!m_hosts[node]) return;
    m_truth.lastOtherTrouble = m_now;
    noteTruth(node);
    see({.kind = SightKind::HostChanged, .node = node});
}

void World::serviceWent(std::uint8_t node) {
    m_truth.nodes[node].role = {};
    hostChanged(node);
}

void World::stepped(std::uint8_t node, const engine::Event&) { see({.kind = SightKind::Stepped, .node = node}); }
void World::arrayAsked(std::uint8_t node, std::uint16_t lun) {
    see({.kind = SightKind::ArrayAsked, .node = node, .lun = lun});
}
void World::alarm(std::uint8_t node, const std::string& id, bool raised) {
    see({.kind = SightKind::AlarmChanged, .node = node, .alarm = &id, .raised = raised});
}
void World::orderAnswered(std::uint8_t node, std::uint64_t number) {
    see({.kind = SightKind::OrderAnswered, .node = node, .number = number});
}

} // namespace dyad::simulator
