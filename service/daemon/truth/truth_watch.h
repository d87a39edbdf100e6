// SPDX-License-Identifier: Apache-2.0
// Compares, every now and then and whenever somebody asks, what the service believes with what is. What disagrees twice
// in a row becomes an alarm "truth.…", which is cleared when it agrees again.
#pragma once

#include "daemon/truth/look.h"
#include "ports/heart_port.h"
#include "ports/outside.h"
#include "ports/truth_port.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace dyad::daemon {

inline constexpr Duration truthInterval = 30s;
inline constexpr Duration truthSecondLook = 3s; // after a contradiction: what is under way is over by then
inline constexpr Duration truthPatience = 5s;   // for one look
inline constexpr std::size_t maxTruthAskers = 64;

class TruthWatch final : public QObject, public ports::TruthPort {
public:
    // All of them outlive the watch.
    TruthWatch(LookSettings settings, model::NodeId self, const ports::ServicePort& service,
               const ports::HeartPort& heart, ports::AlarmPort& alarms);
    ~TruthWatch() override;
    TruthWatch(const TruthWatch&) = delete;
    TruthWatch& operator=(const TruthWatch&) = delete;

    void start() { m_next.start(std::chrono::ceil<std::chrono::milliseconds>(truthInterval)); }
    void look(std::function<void(Result<model::NodeTruth>)> answered) override;

private:
    struct Owner;
    [[nodiscard]] model::NodeTruth believed() const;
    void beginRound();
    void endRound(model::NodeTruth seen);
    void judge(const model::NodeTruth& seen);
    // The groups that the peer says are active there.
    [[nodiscard]] std::set<std::string> activeAtPeer() const;
    // Addresses of such a group for which nobody answers on a network that this node hears: does it believe the peer?
    [[nodiscard]] std::vector<model::Contradiction> unseenAddresses(const model::NodeTruth& seen) const;

    LookSettings m_settings;
    model::NodeId m_self;
    const ports::ServicePort& m_service;
    const ports::HeartPort& m_heart;
    ports::AlarmPort& m_alarms;
    std::shared_ptr<Owner> m_owner;
    QTimer m_next;
    QTimer m_deadline; // of the round
    bool m_running = false;
    std::vector<std::function<void(Result<model::NodeTruth>)>> m_askers;
    std::set<std::string> m_activeAtPeer; // when the round began
    std::set<std::string> m_seenOnce;
    std::set<std::string> m_raised;
};

} // namespace dyad::daemon
