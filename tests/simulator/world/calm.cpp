// SPDX-License-Identifier: Apache-2.0
// When may time be left out? README.md says why this changes nothing.
#include "world/calm.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

constexpr std::uint64_t calmBeats = 6; // more than from the first missed heartbeat to "lost"

constexpr Duration slowestLook = 400ms;

// Alarms that stand without anybody waiting for anything.
bool quiet(const std::string& alarm) {
    return alarm == "peer.lost" || alarm.starts_with("link.lost:") || alarm.starts_with("group.failed:") ||
           alarm.starts_with("resource.unknown:");
}

bool pairCalmSkipped = true;
bool heartCalmSkipped = true;

} // namespace

void setCalmSkipped(bool hearts, bool pair) {
    heartCalmSkipped = hearts;
    pairCalmSkipped = pair;
}

// --- the hearts ------------------------------------------------------------------------------------------------------

void World::wakeHearts() {
    m_calmPhase = Duration(-1);
    m_settledBefore = false;
    for (std::uint8_t node = 0; node < 2; ++node)
        m_beatsAtUnrest[node] = m_hosts[node] ? m_hosts[node]->heart().beats() : 0;
    if (!m_calmSince) return;
    m_skipped += m_now - *m_calmSince;
    m_calmSince.reset();
}

// After each turn of a heart: has nothing happened to any of them for so long that nothing will?
void World::considerHeartCalm() {
    const std::uint64_t unrest = m_hosts[0]->heart().unrest() + m_hosts[1]->heart().unrest();
    if (unrest != m_unrestSeen || !m_links.steady()) {
        m_unrestSeen = unrest;
        m_calmPhase = Duration(-1);
        for (std::uint8_t node = 0; node < 2; ++node)
            m_beatsAtUnrest[node] = m_hosts[node]->heart().beats();
        return;
    }
    for (std::uint8_t node = 0; node < 2; ++node) {
        Host& each = *m_hosts[node];
        if (each.slow() || each.still()) return;
        if (!each.heart().runs()) {
            // Off, or its heart is about to start again: only the former is quiet.
            if (each.powered()) return;
            continue;
        }
        if (!each.heart().atRest() || each.heart().beats() < m_beatsAtUnrest[node] + calmBeats) return;
    }
    // Not just after a beat, always: the calm begins anywhere between two of them.
    if (m_calmPhase < Duration(0)) {
        m_calmPhase = m_now + m_dice.upTo(m_timeouts.heartbeat);
        return;
    }
    if (m_now >= m_calmPhase && heartCalmSkipped) m_calmSince = m_now;
}

// --- the pair
// ---------------------------------------------------------------------------------------------------------

// Looked at now and then; at the second time that all is settled the next fault comes at once.
void World::considerCalm() {
    if (!pairCalmSkipped) return;
    const Duration pace = std::min(m_timeouts.verifyInterval(), slowestLook);
    plan(pace / 2 + m_dice.upTo(pace), {.what = Happens::CalmConsidered});
    if (!settled()) {
        m_settledBefore = false;
        return;
    }
    if (!std::exchange(m_settledBefore, true)) return;
    if (m_roomAgenda.empty()) {
        m_over = m_healed && !m_liveness->lookAgain;
        return;
    }
    m_calm = std::max(m_calm, Duration(m_roomAgenda.next().at) - m_now);
}

// Every group runs on one node, the other one stands by or is off, nothing is under way, nobody waits for a time to
// come: but for keys that are read and records that are written nothing will happen until something comes from outside.
bool World::settled() const {
    if (!m_calmSince || m_arrayAway > 0) return false;
    for (const Bend& each : m_bends)
        if (each.any() || each.holdsUntil > m_now) return false;
    for (std::size_t i = 0; i < m_standing.size(); ++i) {
        if (!m_standing[i]) continue;
        const FaultKind kind = m_plan.faults[i].kind;
        const bool sleeps =
            kind == FaultKind::PowerOff || (kind >= FaultKind::ResourceStart && kind <= FaultKind::ResourceProbe);
        if (!sleeps) return false;
    }
    std::size_t on = 0;
    for (std::uint8_t node = 0; node < 2; ++node) {
        if (!m_hosts[node]->powered()) continue;
        ++on;
        if (!settledNode(node)) return false;
    }
    for (std::size_t g = 0; g < m_truth.groups.size(); ++g) {
        std::size_t active = 0;
        for (std::uint8_t node = 0; node < 2; ++node)
            active += m_hosts[node]->powered() && m_truth.nodes[node].role[g] == model::Role::Active;
        if (active != 1) return on == 0;
        if (m_truth.groups[g].automaticFailback &&
            m_truth.nodes[m_truth.groups[g].preferred].role[g] != model::Role::Active)
            return false;
    }
    return true;
}

bool World::settledNode(std::uint8_t node) const {
    Host& host = *m_hosts[node];
    if (!host.service().runs() || !host.heart().runs() || host.shutDown || !host.gateway) return false;
    const engine::State& state = host.service().engine()->state();
    if (state.leaving || state.fenceOrdered || !std::all_of(state.alarms.begin(), state.alarms.end(), quiet))
        return false;
    const bool peerAsItIs = m_hosts[1 - node]->powered() ? state.peer.liveness == model::Liveness::Alive
                                                         : state.peer.liveness == model::Liveness::Lost;
    if (!peerAsItIs) return false;
    for (const engine::GroupRecord& group : state.groups) {
        using model::Role;
        const bool rests = group.role == Role::Active || group.role == Role::Standby ||
                           group.role == Role::Maintenance || group.role == Role::Failed;
        if (!rests || !group.settled || group.asksUntil || group.reprove) return false;
        for (const engine::ResourceRecord& each : group.resources)
            if (each.pending || each.mustStop || each.killFailed) return false;
        for (const engine::LunRecord& each : group.luns) {
            if (!each.pathUp || each.fenced || !each.known) return false;
            if (group.role == Role::Active && !each.snapshot.ownedOnlyBy(group.key)) return false;
        }
    }
    return true;
}

} // namespace dyad::simulator
