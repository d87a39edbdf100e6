// SPDX-License-Identifier: Apache-2.0
// A plain model of dyad-heart: what one host says in its heartbeats, what it hears, and who has been silent for how
// long. A boot of the peer is believed once it has echoed ours, so a link that is one-way from the beginning proves
// nothing.
#pragma once

#include "engine/timeouts.h"
#include "model/status.h"

#include <optional>
#include <vector>

namespace dyad::world {

struct Heartbeat {
    model::BootDigest boot;
    model::BootDigest echo;  // boot of the other side that the sender has heard
    std::vector<bool> hears; // by link
    model::NodeStatus status;
};

class Heart {
public:
    Heart(std::size_t links, const engine::Timeouts& timeouts, model::BootDigest boot, Instant now);

    // Each returns whether the report changed, so that the service is to be told.
    bool heard(std::size_t link, const Heartbeat& heartbeat, Instant now);
    bool timePassed(Instant now);
    // The host itself stood still: that silence was its own.
    void forgive(Duration absence, Instant now);

    [[nodiscard]] Heartbeat beat() const;
    [[nodiscard]] const std::vector<model::LinkReport>& links() const { return m_links; }
    [[nodiscard]] const model::PeerReport& peer() const { return m_peer; }
    // When timePassed() has something to say at the earliest.
    [[nodiscard]] std::optional<Instant> nextJudgement() const;

    model::NodeStatus status; // what the service said last
    bool said = false;        // it has said something since this boot

private:
    bool noteDirections();

    const engine::Timeouts m_timeouts;
    const model::BootDigest m_boot;
    std::vector<model::LinkReport> m_links;
    std::vector<Instant> m_countedFrom; // silence of a link
    std::vector<bool> m_peerHears;
    model::BootDigest m_echo;
    model::PeerReport m_peer;
};

} // namespace dyad::world
