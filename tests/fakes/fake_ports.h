// SPDX-License-Identifier: Apache-2.0
// An in-memory version of every port that the shell calls. Each can be told to fail, to keep silent or to answer late.
#pragma once

#include "ports/agent.h"
#include "ports/heart_port.h"
#include "ports/outside.h"
#include "ports/reservation_port.h"
#include "ports/resource_port.h"

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace dyad::fakes {

// Moves only when it is told to.
struct FakeClock : ports::Clock {
    Instant instant = Instant::fromNanoseconds(1'000'000'000);
    [[nodiscard]] Instant now() const override { return instant; }
    [[nodiscard]] std::int64_t wallClockMs() const override { return instant.nanoseconds() / 1'000'000; }
    void advance(Duration by) { instant = instant + by; }
};

// An array of one host: whatever is claimed is won, unless a fault is set.
struct FakeReservations : ports::ReservationPort {
    std::vector<model::ReservationRequest> requests;
    std::vector<model::LunId> closedGates;
    std::map<model::LunId, model::ReservationSnapshot> array;
    std::deque<model::ReservationAnswer> waiting; // answers not delivered yet
    bool pathDown = false;                        // fault: every answer is NoPath
    bool mute = false;                            // fault: nothing is answered
    const ports::Clock* clock = nullptr;

    void send(const model::ReservationRequest& request) override;
    void closeGate(model::LunId lun) override { closedGates.push_back(lun); }
    [[nodiscard]] ports::LunState state(model::LunId) const override { return {.pathUp = !pathDown}; }
    // Delivers what waits; true if there was anything.
    bool deliver();
};

struct FakeResources : ports::ResourcePort {
    std::vector<model::ResourceRequest> requests;
    std::map<std::pair<model::GroupId, model::ResourceId>, bool> running;
    std::map<std::pair<model::GroupId, model::ResourceId>, std::string> failing; // fault: start fails with this detail
    std::deque<model::ResourceAnswer> waiting;
    bool mute = false; // fault: nothing is answered

    void send(const model::ResourceRequest& request) override;
    bool deliver();
};

struct FakeHeart : ports::HeartPort {
    std::vector<model::NodeStatus> published;
    ports::HeartReport current;
    std::optional<model::NodeStatus> previous;

    void publish(const model::NodeStatus& status) override { published.push_back(status); }
    [[nodiscard]] ports::HeartReport report() const override { return current; }
    [[nodiscard]] std::optional<model::NodeStatus> previousStatus() const override { return previous; }
};

struct FakeJournal : ports::JournalPort {
    std::vector<model::JournalEntry> entries;
    void write(model::JournalEntry entry) override { entries.push_back(std::move(entry)); }
    [[nodiscard]] bool has(const std::string& kind) const;
};

struct FakeAlarms : ports::AlarmPort {
    std::map<std::string, model::AlarmView> raised;
    void raise(const model::AlarmView& alarm) override { raised[alarm.id] = alarm; }
    void clear(const std::string& id) override { raised.erase(id); }
};

struct FakeFence : ports::FencePort {
    std::vector<std::string> reasons;
    void selfFence(const std::string& reason) override { reasons.push_back(reason); }
};

struct FakeStandingOrders : ports::StandingOrdersPort {
    model::StandingOrders before;
    std::vector<model::StandingOrders> saved;
    [[nodiscard]] model::StandingOrders kept() const override { return before; }
    void save(const model::StandingOrders& orders) override { saved.push_back(orders); }
};

struct FakeGateways : ports::GatewayPort {};

// Ends each call only when it is told to.
struct FakeAgent : ports::Agent {
    std::vector<std::string> calls;
    ports::AgentDone done;
    void start(bool takeover, ports::AgentDone whenDone) override {
        note(takeover ? "start after takeover" : "start", std::move(whenDone));
    }
    void stop(ports::AgentDone whenDone) override { note("stop", std::move(whenDone)); }
    void kill(ports::AgentDone whenDone) override { note("kill", std::move(whenDone)); }
    void probe(ports::AgentDone whenDone) override { note("probe", std::move(whenDone)); }

private:
    void note(const char* call, ports::AgentDone whenDone) {
        calls.emplace_back(call);
        done = std::move(whenDone);
    }
};

} // namespace dyad::fakes
