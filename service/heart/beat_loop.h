// SPDX-License-Identifier: Apache-2.0
// The heart's body: sockets, clock and timer around the core. The order within a turn is the one that core.h asks for.
#pragma once

#include "heart/board.h"
#include "heart/core.h"
#include "heart/link_port.h"
#include "heart/service_door.h"
#include "heart/settings.h"
#include "wire/key_file.h"
#include "wire/sealing.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace dyad::heart {

class BeatLoop {
public:
    // Two beats are never closer than this, however often the service publishes.
    static constexpr Duration minimumBeatGap = 1ms;

    BeatLoop(const Settings& settings, const wire::ClusterKey& key, Board board);

    // Opens the wake-up socket and beats until the process ends; returns only when it can't begin.
    [[nodiscard]] Result<void> run(const std::string& socketPath);

private:
    void alarm();
    void readable(std::size_t link);
    void turn(Instant now);
    void drain(std::size_t link, Instant now);
    void presenceChanged();
    void takeOrder();
    void beatSoon(Instant now);
    void beat(Instant now);
    void writeBoard(Instant now);
    void arm(Instant now);

    boost::asio::io_context m_context{1};
    boost::asio::steady_timer m_timer;
    ServiceDoor m_door;
    std::vector<std::unique_ptr<LinkPort>> m_links; // by LinkId
    Core m_core;
    Board m_board;
    wire::ClusterKey m_key;
    wire::Salt m_salt = wire::randomSalt(); // one for this life: within it the sequence alone never repeats
    wire::Datagram m_datagram{};
    BoardReport m_report;
    BoardOrder m_order;
    std::uint16_t m_cluster;
    Duration m_heartbeat;
    Instant m_due;      // what the timer was set to
    Instant m_nextBeat; // on the regular grid
    std::optional<Instant> m_extraBeat;
    Instant m_lastBeat;
    std::uint64_t m_poked = 0; // Core::changes() that the service was woken for
};

} // namespace dyad::heart
