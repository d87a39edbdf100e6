// SPDX-License-Identifier: Apache-2.0
// One host of the virtual world: heart, service (the real engine), resources, sessions with the array. It can lose its
// power, stand still, and its service can die alone.
#pragma once

#include "engine/engine.h"
#include "world/array.h"
#include "world/clock.h"
#include "world/heart.h"
#include "world/resource.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dyad::world {

class World;

struct VirtualSession {
    bool path = true; // the network to the array works
    bool gateOpen = false;
    std::optional<model::ReservationKey> claim; // the gate was opened for
};

class Host {
public:
    Host(World& world, model::NodeId node);

    void powerOn();
    void powerOff();
    void startService();
    void killService();
    void freeze(Duration how);
    void setPath(model::LunId lun, bool up, bool tell = true);
    void setGateway(bool reachable);
    void arrayRestarted();
    void order(const engine::OrderGiven& order);
    void shutDown();
    void resourceDies(model::GroupId group, model::ResourceId resource, bool unhealthy);

    void hear(std::size_t link, const Heartbeat& heartbeat);
    // Somebody else may have taken the reservation: what writes is told so by the array.
    void reservationsChanged();

    [[nodiscard]] bool powered() const { return m_powered; }
    [[nodiscard]] bool frozen() const { return m_frozen; }
    [[nodiscard]] bool serviceRuns() const { return m_engine != nullptr; }
    [[nodiscard]] const engine::Engine* engine() const { return m_engine.get(); }
    [[nodiscard]] const VirtualSession& session(model::LunId lun) const { return m_sessions[lun.value]; }
    [[nodiscard]] VirtualResource& resource(model::GroupId group, model::ResourceId id) {
        return m_resources[group.value][id.value];
    }
    [[nodiscard]] const std::vector<VirtualResource>& resources(model::GroupId group) const {
        return m_resources[group.value];
    }
    [[nodiscard]] model::NodeId node() const { return m_node; }
    [[nodiscard]] std::uint64_t requestsSent() const { return m_requestsSent; }
    [[nodiscard]] const std::vector<std::string>& alarms() const { return m_alarms; }

private:
    // Something that happens to what lives now: dropped when the power or (if `ofService`) the service has gone since,
    // kept back while the host stands still.
    void later(Duration distance, bool ofService, std::function<void()> what);
    void thaw(Duration stoodStill);
    void give(const engine::Event& event);
    void run(const engine::Action& action);
    void armDeadline();
    void beat();
    void sendBeat();
    void judge();
    void armJudgement();
    void tellHeart();
    void fenced(model::LunId lun);

    void carryOut(const model::ReservationRequest& request);
    void carryOut(const model::ResourceRequest& request);
    void finish(const model::ResourceRequest& request);

    World& m_world;
    const model::NodeId m_node;
    bool m_powered = false;
    bool m_frozen = false;
    bool m_gateway = true;
    std::uint64_t m_boots = 0;
    std::uint64_t m_services = 0;
    std::uint64_t m_requestsSent = 0;
    std::optional<Heart> m_heart;
    std::unique_ptr<engine::Engine> m_engine;
    std::vector<VirtualSession> m_sessions;
    std::vector<std::vector<VirtualResource>> m_resources;
    std::vector<std::function<void()>> m_keptBack;
    std::vector<std::string> m_alarms;
    model::StandingOrders m_kept; // on this host's disk
    std::optional<Instant> m_armedDeadline;
    std::optional<Instant> m_armedJudgement;
};

} // namespace dyad::world
