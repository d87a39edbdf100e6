// SPDX-License-Identifier: Apache-2.0
// How the world heals: hosts come back, everything is repaired, an operator goes round.
#include "world/world.h"

namespace dyad::simulator {

namespace {

constexpr Duration lookAfterInterval = 2s;
constexpr Duration rebootTakes = 2s; // after a self-fence

} // namespace

void World::selfFence(std::uint8_t node) {
    tell(std::string(nameOfNode(node)) + " resets itself");
    m_hosts[node]->powerOff();
    planRoom(rebootTakes + m_dice.upTo(1s), {.node = node, .what = Happens::PowerOn});
}

void World::shutdownFinished(std::uint8_t node) {
    m_hosts[node]->shutDown = true;
    m_hosts[node]->service().crash();
    if (m_healed) plan(Duration(10ms), {.life = m_hosts[node]->boots(), .node = node, .what = Happens::ServiceStarts});
}

void World::heal() {
    tell("---- everything is repaired");
    wakeHearts();
    for (std::uint32_t i = 0; i < m_plan.faults.size(); ++i)
        if (m_standing[i]) end(m_plan.faults[i], i);
    m_healed = m_truth.healed = true;
    for (Bend& each : m_bends)
        each.holdsUntil = Duration(0);
    for (std::uint8_t node = 0; node < 2; ++node) {
        Host& host = *m_hosts[node];
        host.powerOn();
        host.shutDown = false;
        for (std::uint32_t g = 0; g < host.resources().groups().size(); ++g)
            for (std::uint32_t r = 0; r < host.resources().groups()[g].size(); ++r)
                for (const auto verb : {model::ResourceVerb::Start, model::ResourceVerb::Stop,
                                        model::ResourceVerb::Kill, model::ResourceVerb::Probe})
                    host.resources().setManner(Resources::targetOf(g, r), verb, ResourceManner::Well);
    }
    see({.kind = SightKind::Healed});
    lookAfter();
}

// An operator goes round: starts what is down, ends maintenance, clears failures, resets what is stuck.
void World::lookAfter() {
    for (std::uint8_t node = 0; node < 2; ++node) {
        Host& host = *m_hosts[node];
        if (host.still()) continue;
        host.powerOn();
        host.shutDown = false;
        if (!host.service().runs()) {
            plan(Duration(0), {.life = host.boots(), .node = node, .what = Happens::ServiceStarts});
            continue;
        }
        host.resources().setRight();
        const engine::State& state = host.service().engine()->state();
        const auto order = [&](model::OrderKind kind, std::uint32_t group) {
            giveOrder({.node = model::bothNodes[node], .target = group, .amount = static_cast<unsigned>(kind)});
        };
        if (state.maintenance) order(model::OrderKind::MaintenanceOff, 0);
        bool stuck = false;
        for (std::uint32_t g = 0; g < state.groups.size(); ++g) {
            if (state.groups[g].standing.frozen) order(model::OrderKind::Unfreeze, g);
            if (state.groups[g].standing.disabled) order(model::OrderKind::Enable, g);
            if (state.groups[g].role != model::Role::Failed) continue;
            for (const engine::ResourceRecord& each : state.groups[g].resources)
                stuck = stuck || each.killFailed;
            order(model::OrderKind::ClearFailure, g);
        }
        if (stuck) selfFence(node); // "reboot this node"
    }
    plan(lookAfterInterval, {.what = Happens::LookAfter});
}

} // namespace dyad::simulator
