// SPDX-License-Identifier: Apache-2.0
// dyadd of one host in virtual time: the real engine, around it the loop that shell/runner is (queue, time passes last,
// a freeze is noticed by the pulse), and the service's ends of heart and dyad-lun (daemon/heart_adapter,
// storage/lun_process).
#pragma once

#include "engine/engine.h"
#include "heart/report.h"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dyad::simulator {

class World;

constexpr Duration lunStarts = 5ms; // until a started dyad-lun has made its socket

class Service {
public:
    Service(World& world, std::uint8_t node);

    void start();
    void crash();
    [[nodiscard]] bool runs() const { return m_engine != nullptr; }
    [[nodiscard]] std::uint32_t life() const { return m_life; }
    [[nodiscard]] const engine::Engine* engine() const { return m_engine.get(); }

    void post(engine::Event event);
    void drain(std::uint32_t life);
    void deadline(std::uint32_t deadline);
    // The host stood still since `since` and goes on.
    void resume(Duration since);

    // Heart.
    void heartPokes();
    void readBoard(std::uint32_t life);
    void heartDied();
    void joinHeart(std::uint32_t life);

    // dyad-lun.
    void lunAnswers(std::uint16_t lun, const model::ReservationAnswer& answer);
    void lunTells(std::uint16_t lun, const model::LunNotice& notice);
    void lunState(std::uint16_t lun, bool pathUp, bool gateOpen);
    void lunDied(std::uint16_t lun);
    void lunConnects(std::uint16_t lun, std::uint32_t life);
    void outstanding(std::uint16_t lun, std::uint32_t life);

    std::uint64_t order(model::OrderKind kind, std::uint32_t group, bool aboutPeer, model::ReservationKey key);
    void shutDown();
    void gateway(bool reachable);

private:
    struct LunEnd { // as storage::LunProcess keeps it
        bool connected = false;
        bool pathUp = false;
        bool gateOpen = false;
        bool stateSeen = false;
        bool openWhenLastSeen = false;
        bool armed = false;
        struct Asked {
            model::ReservationRequest request;
            Instant deadline;
        };
        std::vector<Asked> asked;
    };

    void step(const engine::Event& event);
    void run(const engine::Action& action);
    void send(const model::ReservationRequest& request);
    void fail(const model::ReservationRequest& request, model::ReservationOutcome outcome);
    void closeGate(std::uint16_t lun);
    void notice(std::uint16_t lun, model::LunNotice::Kind kind);
    void armDeadline();
    void noticeFreeze();
    void explain(const engine::Explain& explain);
    void planDrain();

    World& m_world;
    const std::uint8_t m_node;
    std::unique_ptr<engine::Engine> m_engine;
    std::uint32_t m_life = 0;
    std::uint32_t m_deadline = 0; // the timer that counts
    std::optional<Instant> m_armed;
    std::vector<engine::Event> m_queue;
    std::vector<engine::Event> m_taken;
    bool m_drainPlanned = false;
    Duration m_lastPulse{0}; // world time
    Duration m_pulseFrom{0};
    bool m_boardPlanned = false;
    heart::Settings m_settings; // links only: what a report needs
    engine::HeartChanged m_lastReport;
    std::optional<model::NodeStatus> m_status; // said by this life
    std::vector<LunEnd> m_luns;
    std::uint64_t m_orders = 0;
    std::vector<model::Role> m_roles;
};

} // namespace dyad::simulator
