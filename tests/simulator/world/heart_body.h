// SPDX-License-Identifier: Apache-2.0
// dyad-heart's body in virtual time: the real core, and around it the same turns that heart/beat_loop makes around
// sockets and a timer. It lives in heart time (see World): all its instants are of the host's clock as it would stand
// had no calm been skipped.
#pragma once

#include "heart/core.h"
#include "heart/report.h"

#include <optional>
#include <vector>

namespace dyad::simulator {

class World;

class HeartBody {
public:
    HeartBody(World& world, std::uint8_t node) : m_world(world), m_node(node) {}

    void start(model::BootDigest boot);
    void end();
    [[nodiscard]] bool runs() const { return m_core.has_value(); }
    [[nodiscard]] std::uint32_t life() const { return m_life; }

    void timer(std::uint32_t life);
    void datagram(std::uint8_t link, std::uint32_t packet);
    // The host goes on after it stood still: timer and sockets are ready at once.
    void resume();

    // The service's side of door and board.
    void serviceCame();
    void serviceWent();
    void order(const wire::PlainStatus& status);
    void takeOrder(std::uint32_t life);
    [[nodiscard]] std::optional<wire::PlainStatus> lastOrder() const {
        return m_published > 0 ? std::optional(m_board) : std::nullopt;
    }
    [[nodiscard]] heart::Report report(const heart::Settings& settings);

    // For those who decide about the calm: nothing has changed since, and nothing is about to.
    [[nodiscard]] std::uint64_t unrest() const { return m_unrest; }
    [[nodiscard]] bool atRest() const;
    [[nodiscard]] std::uint64_t beats() const { return m_beats; }

private:
    [[nodiscard]] Instant now() const;
    void turn();
    void drain();
    void read(std::uint8_t link, std::uint32_t packet);
    void presenceChanged();
    void beatSoon();
    void beat();
    void tellService();
    void arm();

    World& m_world;
    const std::uint8_t m_node;
    std::optional<heart::Core> m_core;
    std::uint32_t m_life = 0;
    std::uint32_t m_timer = 0; // the timer that counts
    bool m_servicePresent = false;
    std::uint64_t m_published = 0; // on the board
    std::uint64_t m_taken = 0;     // by the heart
    wire::PlainStatus m_board;
    wire::PlainStatus m_order;
    heart::BoardReport m_report;
    Duration m_heartbeat{0};
    Instant m_due;
    Instant m_nextBeat;
    std::optional<Instant> m_extraBeat;
    Instant m_lastBeat;
    std::uint64_t m_poked = 0;
    std::uint64_t m_beats = 0;
    std::uint64_t m_unrest = 0;
    struct Waiting {
        std::uint8_t link;
        std::uint32_t packet;
    };
    std::vector<Waiting> m_inbox; // while the host stands still
};

} // namespace dyad::simulator
