// SPDX-License-Identifier: Apache-2.0
#include "campaign.h"

#include "world/world.h"

#include <algorithm>
#include <cstdio>
#include <random>

namespace dyad::campaign {

using model::NodeId;
using model::Role;
using world::Manner;
using world::World;

namespace {

class Life {
public:
    explicit Life(std::uint64_t seed) : m_random(seed), m_configuration(drawConfiguration()), m_world(m_configuration) {
        m_outcome.seed = seed;
        m_world.onTold = [this](NodeId node, const std::string& group, const std::string& kind,
                                const std::string& text) {
            note(m_configuration.nodes[model::indexOf(node)].name + " " + group + " " + kind + ": " + text);
        };
    }

    Outcome run() {
        for (const NodeId node : model::bothNodes)
            if (chance(80)) m_world.host(node).powerOn();
        const unsigned faults = draw(4, 14);
        bool well = go(1ms * draw(0, 2000));
        for (unsigned i = 0; well && i < faults; ++i) {
            fault();
            // Half of them hit a pair that hasn't got over the last one.
            well = go(1ms * (chance(50) ? draw(0, 150) : draw(150, 4000)));
        }
        repair();
        // It need not take all of the time; but what runs must stay as it is for a while.
        unsigned quiet = 0;
        for (Duration taken{0}; well && taken < settling && quiet < quietSeconds; taken += 1s) {
            well = go(1s);
            quiet = well && whatDoesNotRun().empty() ? quiet + 1 : 0;
        }
        if (!well)
            m_outcome.broken = m_world.watcher().broken().front();
        else
            m_outcome.broken = whatDoesNotRun();
        return std::move(m_outcome);
    }

private:
    static constexpr Duration settling = 40s;
    static constexpr unsigned quietSeconds = 3;

    unsigned draw(unsigned from, unsigned to) { return std::uniform_int_distribution<unsigned>(from, to)(m_random); }
    bool chance(unsigned percent) { return draw(0, 99) < percent; }
    NodeId anyNode() { return chance(50) ? NodeId::First : NodeId::Second; }

    model::Configuration drawConfiguration() {
        model::Configuration configuration;
        configuration.clusterName = "campaign";
        configuration.clusterId = 0x5d2a;
        configuration.digest = 1;
        configuration.nodes[0].name = "alpha";
        configuration.nodes[1].name = "beta";
        configuration.profile = chance(70) ? model::Profile::Fast : model::Profile::Standard;
        configuration.links.resize(chance(70) ? 2 : 1);
        for (std::size_t i = 0; i < configuration.links.size(); ++i)
            configuration.links[i].name = i == 0 ? "private" : "public";
        if (chance(50)) configuration.gateways.emplace_back("10.77.0.254");
        const unsigned groups = draw(1, 2);
        for (unsigned g = 0; g < groups; ++g) {
            model::GroupSetup group;
            group.name = g == 0 ? "erp" : "crm";
            group.prefer = anyNode();
            const unsigned luns = chance(70) ? 1 : draw(0, 2);
            for (unsigned i = 0; i < luns; ++i) {
                group.luns.emplace_back(static_cast<std::uint32_t>(configuration.luns.size()));
                configuration.luns.emplace_back();
                configuration.luns.back().name = group.name + std::to_string(i);
            }
            group.resources.resize(3);
            const char* names[] = {"data", "db", "ip"};
            for (std::size_t i = 0; i < 3; ++i) {
                group.resources[i].name = names[i];
                group.resources[i].startTimeout = 3s;
                group.resources[i].stopTimeout = 2s;
            }
            group.resources[0].settings = model::FilesystemSettings{};
            group.resources[1].settings = model::ProcessSettings{};
            group.resources[1].after = {model::ResourceId(0)};
            group.resources[2].settings = model::AddressSettings{};
            configuration.groups.push_back(std::move(group));
        }
        return configuration;
    }

    void note(const std::string& what) {
        char time[32];
        std::snprintf(time, sizeof time, "%9.1f ", m_world.clock().sinceOriginMs());
        m_outcome.trace.push_back(time + what);
    }

    bool go(Duration distance) { return m_world.runUntil(m_world.clock().now() + distance); }

    void fault() {
        const NodeId node = anyNode();
        world::Host& host = m_world.host(node);
        const std::string name = m_configuration.nodes[model::indexOf(node)].name;
        switch (draw(0, 13)) {
        case 0: return note(">> poweroff " + name), host.powerOff();
        case 1: return note(">> poweron " + name), host.powerOn();
        case 2: return note(">> poweroff and on " + name), host.powerOff(), host.powerOn();
        case 3: return cut(node, name);
        case 4: return note(">> heal"), m_world.healLinks();
        case 5:
        case 6: return path(host, name);
        case 7: return note(">> kill-service " + name), host.killService();
        case 8: return note(">> start-service " + name), host.startService();
        case 9: return freeze(host, name);
        case 10: return note(">> array restart"), m_world.restartArray();
        case 11: return spoil(host, name);
        case 12: return note(">> gateway of " + name), host.setGateway(chance(50));
        default: return order(host, name);
        }
    }

    void cut(NodeId node, const std::string& name) {
        const bool bothWays = chance(60);
        const bool allLinks = chance(70);
        note(">> cut " + std::string(allLinks ? "all links" : "the first link") + (bothWays ? "" : " from " + name));
        for (std::size_t i = 0; i < (allLinks ? m_configuration.links.size() : 1); ++i) {
            m_world.cut(i, node, true);
            if (bothWays) m_world.cut(i, model::otherNode(node), true);
        }
    }

    void path(world::Host& host, const std::string& name) {
        const bool up = chance(40);
        for (std::size_t i = 0; i < m_configuration.luns.size(); ++i) {
            if (chance(30)) continue;
            note(">> path of " + name + " to " + m_configuration.luns[i].name + (up ? " up" : " down"));
            host.setPath(model::LunId(static_cast<std::uint32_t>(i)), up, chance(80));
        }
    }

    void freeze(world::Host& host, const std::string& name) {
        const unsigned ms = chance(50) ? draw(10, 200) : draw(200, 3000);
        note(">> freeze " + name + " for " + std::to_string(ms) + " ms");
        host.freeze(1ms * ms);
    }

    void spoil(world::Host& host, const std::string& name) {
        const model::GroupId group(draw(0, static_cast<unsigned>(m_configuration.groups.size()) - 1));
        const model::ResourceId id(draw(0, 2));
        world::VirtualResource& resource = host.resource(group, id);
        const std::string what = name + " " + m_configuration.groups[group.value].name + "/" +
                                 m_configuration.groups[group.value].resources[id.value].name;
        switch (draw(0, 4)) {
        case 0: return note(">> dies " + what), host.resourceDies(group, id, false);
        case 1: return note(">> fails to start " + what), void(resource.start = Manner::Fails);
        case 2: return note(">> hangs in start " + what), void(resource.start = Manner::Hangs);
        case 3: return note(">> hangs in stop " + what), void(resource.stop = Manner::Hangs);
        default: return note(">> hangs in kill " + what), void(resource.kill = Manner::Hangs);
        }
    }

    engine::OrderGiven orderOf(model::OrderKind kind, std::size_t group) {
        engine::OrderGiven order;
        order.request = model::RequestId(++m_orders);
        order.kind = kind;
        order.group = model::GroupId(static_cast<std::uint32_t>(group));
        order.who = "campaign";
        return order;
    }

    void order(world::Host& host, const std::string& name) {
        const model::OrderKind kind = model::orderKinds[draw(0, model::orderKinds.size() - 1)];
        note(std::string(">> order ") + model::toText(kind) + " at " + name);
        host.order(orderOf(kind, draw(0, static_cast<unsigned>(m_configuration.groups.size()) - 1)));
    }

    void repair() {
        note(">> everything is repaired");
        m_world.healLinks();
        for (const NodeId node : model::bothNodes) {
            world::Host& host = m_world.host(node);
            host.setGateway(true);
            for (std::size_t i = 0; i < m_configuration.luns.size(); ++i)
                host.setPath(model::LunId(static_cast<std::uint32_t>(i)), true);
            for (std::size_t g = 0; g < m_configuration.groups.size(); ++g)
                for (std::uint32_t r = 0; r < 3; ++r) {
                    world::VirtualResource& resource =
                        host.resource(model::GroupId(static_cast<std::uint32_t>(g)), model::ResourceId(r));
                    resource.start = resource.stop = resource.kill = resource.probe = Manner::Well;
                }
            host.powerOn();
            host.startService();
            // A host that fences itself meanwhile is switched on again; and an operator looks after what has failed.
            for (int second = 4; second <= 20; second += 4)
                m_world.clock().after(1s * second, [this, &host] { lookAfter(host); });
        }
    }

    void lookAfter(world::Host& host) {
        host.powerOn();
        host.startService();
        if (!host.engine() || host.frozen()) return;
        if (host.engine()->state().maintenance) host.order(orderOf(model::OrderKind::MaintenanceOff, 0));
        for (std::size_t g = 0; g < m_configuration.groups.size(); ++g)
        {
            const engine::GroupRecord& group = host.engine()->state().groups[g];
            if (group.role == Role::Failed) host.order(orderOf(model::OrderKind::ClearFailure, g));
            if (group.standing.frozen) host.order(orderOf(model::OrderKind::Unfreeze, g));
            if (group.standing.disabled) host.order(orderOf(model::OrderKind::Enable, g));
        }
    }

    std::string whatDoesNotRun() {
        for (std::size_t g = 0; g < m_configuration.groups.size(); ++g) {
            unsigned active = 0;
            unsigned running = 0;
            for (const NodeId node : model::bothNodes) {
                world::Host& host = m_world.host(node);
                active += host.engine() && host.engine()->state().groups[g].role == Role::Active;
                for (const auto& each : host.resources(model::GroupId(static_cast<std::uint32_t>(g))))
                    running += each.running;
            }
            if (active != 1 || running != 3)
                return "group " + m_configuration.groups[g].name + " is active on " + std::to_string(active) +
                       " nodes, " + std::to_string(running) + " of its 3 resources run, " + toText(settling) +
                       " after everything was repaired";
        }
        return {};
    }

    std::mt19937_64 m_random;
    const model::Configuration m_configuration;
    World m_world;
    Outcome m_outcome;
    std::uint64_t m_orders = 0;
};

} // namespace

Outcome live(std::uint64_t seed) { return Life(seed).run(); }

} // namespace dyad::campaign
