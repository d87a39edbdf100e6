// SPDX-License-Identifier: Apache-2.0
// A pair in the virtual world whose every step is recorded, one recorder a node: as the service does it.
#pragma once

#include "recorder/flight/flight_recorder.h"
#include "recorder/flight/recording.h"
#include "recorder/flight/replay.h"
#include "world/world.h"

#include <QTemporaryDir>

#include <functional>
#include <optional>
#include <random>

namespace dyad::test {

inline model::Configuration pairOfGroups(model::Profile profile = model::Profile::Fast) {
    model::Configuration configuration;
    configuration.clusterName = "recorded";
    configuration.clusterId = 0x5d2a;
    configuration.digest = 1;
    configuration.profile = profile;
    configuration.nodes[0].name = "alpha";
    configuration.nodes[1].name = "beta";
    configuration.links = {{.name = "private", .ends = {}}, {.name = "public", .ends = {}}};
    configuration.gateways = {"10.77.0.254"};
    for (const char* name : {"erp", "crm"}) {
        model::GroupSetup group;
        group.name = name;
        group.prefer = configuration.groups.empty() ? model::NodeId::First : model::NodeId::Second;
        group.luns = {model::LunId(static_cast<std::uint32_t>(configuration.luns.size()))};
        configuration.luns.push_back({.name = std::string(name) + "-lun"});
        const char* resources[] = {"data", "db", "ip"};
        for (const char* resource : resources) {
            model::ResourceSetup setup;
            setup.name = resource;
            setup.startTimeout = 3s;
            setup.stopTimeout = 2s;
            group.resources.push_back(setup);
        }
        group.resources[0].settings = model::FilesystemSettings{.lun = group.luns.front()};
        group.resources[1].settings = model::ProcessSettings{};
        group.resources[1].after = {model::ResourceId(0)};
        group.resources[2].settings = model::AddressSettings{};
        configuration.groups.push_back(std::move(group));
    }
    return configuration;
}

class RecordedLife {
public:
    explicit RecordedLife(const model::Configuration& configuration, std::size_t ringBytes = 1024 * 1024)
        : m_world(configuration), m_ringBytes(ringBytes) {
        m_world.onStep = [this](model::NodeId node, const engine::Event& event, const engine::Engine& engine,
                                const std::vector<engine::Action>& actions) {
            std::optional<recorder::FlightRecorder>& flight = m_flights[model::indexOf(node)];
            const Instant now = m_world.clock().now();
            if (const auto* started = std::get_if<engine::Started>(&event)) {
                flight.reset();
                auto opened = recorder::FlightRecorder::open(
                    file(node), {"test", node, started->boot, now, 0, engine.configuration()}, m_ringBytes);
                if (opened.ok())
                    flight.emplace(std::move(opened.value()));
                else
                    trouble = opened.error().text();
            }
            if (!flight) return;
            flight->event(now, event);
            flight->actions(actions, engine);
        };
    }

    [[nodiscard]] world::World& world() { return m_world; }
    [[nodiscard]] std::filesystem::path file(model::NodeId node) const {
        return m_folder.filePath(node == model::NodeId::First ? "alpha.ring" : "beta.ring").toStdString();
    }
    bool go(Duration distance) { return m_world.runUntil(m_world.clock().now() + distance); }

    std::string trouble;

private:
    QTemporaryDir m_folder;
    world::World m_world;
    std::size_t m_ringBytes;
    std::optional<recorder::FlightRecorder> m_flights[2];
};

// Random disasters for a while; the same for the same seed.
inline void suffer(RecordedLife& life, std::uint64_t seed, unsigned faults) {
    std::mt19937_64 random(seed);
    const auto draw = [&](unsigned from, unsigned to) {
        return std::uniform_int_distribution<unsigned>(from, to)(random);
    };
    world::World& world = life.world();
    for (const model::NodeId node : model::bothNodes)
        world.host(node).powerOn();
    life.go(1ms * draw(0, 3000));
    for (unsigned i = 0; i < faults; ++i) {
        const model::NodeId node = draw(0, 1) == 0 ? model::NodeId::First : model::NodeId::Second;
        world::Host& host = world.host(node);
        const model::GroupId group(draw(0, 1));
        const model::ResourceId resource(draw(0, 2));
        switch (draw(0, 11)) {
        case 0: host.powerOff(); break;
        case 1: host.powerOn(); break;
        case 2: host.killService(); break;
        case 3: host.startService(); break;
        case 4:
            for (std::size_t link = 0; link < 2; ++link)
                world.cut(link, node, true);
            break;
        case 5: world.healLinks(); break;
        case 6: host.setPath(model::LunId(draw(0, 1)), draw(0, 1) == 1); break;
        case 7: host.freeze(1ms * draw(10, 2000)); break;
        case 8: world.restartArray(); break;
        case 9: host.setGateway(draw(0, 1) == 1); break;
        case 10: host.resourceDies(group, resource, draw(0, 1) == 1); break;
        default:
            engine::OrderGiven order;
            order.request = model::RequestId(i + 1);
            order.kind = model::orderKinds[draw(0, 4)];
            order.group = group;
            order.who = "test";
            host.order(order);
        }
        life.go(1ms * draw(0, 2000));
    }
    for (const model::NodeId node : model::bothNodes) {
        world.host(node).powerOn();
        world.host(node).startService();
    }
    world.healLinks();
    life.go(3s);
}

} // namespace dyad::test
