// SPDX-License-Identifier: Apache-2.0
// The history with what feeds it and what asks it: journal, audit, control server, predictions.
#pragma once

#include "control/protocol/peer_channel.h"
#include "control/server/server.h"
#include "daemon/options.h"
#include "daemon/service.h"
#include "model/configuration.h"
#include "recorder/history/history.h"

#include <QTimer>

#include <memory>

namespace dyad::daemon {

class HistoryPart {
public:
    struct Setup {
        const Options& options;
        const model::Configuration& configuration;
        model::NodeId self;
        model::BootDigest boot;
        // All of them outlive the part.
        Service& service;
        recorder::Journal& journal;
        ports::AlarmPort& alarms;
        const ports::Clock& clock;
        control::Server& server;
        control::PeerChannel& peer;
    };

    // Nothing blocks; call it before the engine is started, so that no entry is missed.
    explicit HistoryPart(const Setup& setup);
    ~HistoryPart();
    HistoryPart(const HistoryPart&) = delete;
    HistoryPart& operator=(const HistoryPart&) = delete;

    [[nodiscard]] recorder::History& history() { return *m_history; }

private:
    void askPeer();
    [[nodiscard]] std::vector<model::PredictedStep> predict(const model::Order& order) const;

    std::unique_ptr<recorder::History> m_history;
    Service& m_service;
    control::PeerChannel& m_peer;
    std::vector<model::StepDuration> m_peerDurations; // as last told
    QTimer m_ask;
};

} // namespace dyad::daemon
