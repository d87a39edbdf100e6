// SPDX-License-Identifier: Apache-2.0
// Runs the engine: a queue of events, one deadline timer, and the actions carried out through the ports in their order.
// Decides nothing.
#pragma once

#include "engine/engine.h"
#include "ports/heart_port.h"
#include "ports/outside.h"
#include "ports/reservation_port.h"
#include "ports/resource_port.h"
#include "recorder/flight/flight_recorder.h"

#include <QObject>
#include <QTimer>

#include <deque>
#include <functional>
#include <map>

namespace dyad::shell {

// The outside worlds, all of them living longer than the Runner.
struct Outside {
    ports::Clock& clock;
    ports::ReservationPort& reservations;
    ports::ResourcePort& resources;
    ports::HeartPort& heart;
    ports::JournalPort& journal;
    ports::AlarmPort& alarms;
    ports::FencePort& fence;
    ports::StandingOrdersPort& standing;
    ports::GatewayPort* gateways = nullptr;     // none are configured
    recorder::FlightRecorder* flight = nullptr; // it could not be opened
};

class Runner : public QObject {
    Q_OBJECT
public:
    Runner(engine::Engine& engine, const Outside& outside, QObject* parent = nullptr);

    void start(model::BootDigest boot);
    // Queued; the engine sees it before time passes for it again.
    void post(engine::Event event);
    // `answered` is called once the engine has accepted or refused.
    void order(engine::OrderGiven order, ports::ServicePort::Answered answered);

    std::function<void()> onChanged; // after a step that did anything
    std::function<void()> onShutdownFinished;

private:
    // More events than this waiting means that something outside runs wild.
    static constexpr std::size_t maxQueued = 100000;

    void connectPorts();
    void drain();
    void step(const engine::Event& event);
    void run(const engine::Action& action);
    void armDeadline();
    void noticeFreeze();
    void write(const engine::Explain& explain);

    engine::Engine& m_engine;
    Outside m_outside;
    std::deque<engine::Event> m_queue;
    bool m_draining = false;
    bool m_drainScheduled = false;
    bool m_changed = false;
    QTimer m_deadline;
    QTimer m_pulse; // shows that this process runs at all
    Instant m_lastPulse;
    model::RequestId m_lastRequest;
    std::map<model::RequestId, ports::ServicePort::Answered> m_orders;
};

} // namespace dyad::shell
