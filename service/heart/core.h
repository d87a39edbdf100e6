// SPDX-License-Identifier: Apache-2.0
// The heart without a body: what to say in a beat, what to make of one that was heard, and who is silent since when.
// No socket, no clock, no allocation. The shell around it keeps one order in every turn of its loop:
//   1. woken(due, now)      how late are we ourselves?
//   2. heard() / rejected() for every datagram that waits on any socket
//   3. timePassed(now)      only now may silence be judged: what was waiting has been read
//   4. beat() on every link when it is time
#pragma once

#include "heart/board_layout.h"
#include "heart/lateness.h"
#include "heart/link_detector.h"
#include "heart/loss_window.h"
#include "heart/peer_tracker.h"
#include "wire/heartbeat.h"
#include "wire/reject_reason.h"

#include <array>
#include <optional>

namespace dyad::heart {

struct CoreSetup {
    std::uint16_t cluster = 0;
    model::NodeId self = model::NodeId::First;
    model::BootDigest boot;
    std::size_t links = 0; // 1..maxLinks
    Duration heartbeat{0};
    Silence silence;
};

class Core {
public:
    // `firstSequence` must be greater than any that an earlier heart of this boot used.
    Core(const CoreSetup& setup, Instant now, std::uint64_t firstSequence);

    void woken(Instant due, Instant now);
    void heard(Instant now, std::uint8_t link, const wire::Heartbeat& heartbeat);
    void rejected(std::uint8_t link, wire::RejectReason reason);
    void timePassed(Instant now);

    // A new beat begins; heartbeatFor() then gives its heartbeat for each link.
    void beginBeat(Instant now);
    [[nodiscard]] wire::Heartbeat heartbeatFor(std::uint8_t link) const;

    // What this node says of itself from the next beat on.
    void setStatus(const wire::PlainStatus& status) { m_status = status; }
    [[nodiscard]] const wire::PlainStatus& status() const { return m_status; }

    // When timePassed() will have something to say; nothing while every link is lost.
    [[nodiscard]] std::optional<Instant> nextJudgement() const;
    // Grows when a link's liveness or direction, the peer's boot or status changed, or a link met a reason to reject
    // for the first time.
    [[nodiscard]] std::uint64_t changes() const { return m_changes; }
    // `socketOpen` is the shell's to fill in.
    void fill(BoardReport& report, Instant now) const;

private:
    struct Link {
        LinkDetector detector;
        LossWindow loss;
        wire::Echo echo; // what our next heartbeat on it echoes; `held` unused
        Instant echoArrived;
        Instant lastHeard;
        Duration roundTrip{0}; // 0: not measured yet
        bool peerHearsUs = false;
        std::uint64_t received = 0;
        std::uint64_t rejected = 0;
        std::uint32_t reasonsMet = 0; // bit per RejectReason
    };

    void believe(Instant now, Link& link, const wire::Heartbeat& heartbeat);
    void measureRoundTrip(Instant now, Link& link, const wire::Echo& echo);
    void noteDirections();

    CoreSetup m_setup;
    PeerTracker m_peer;
    Lateness m_lateness;
    std::array<Link, model::maxLinks> m_links;
    wire::PlainStatus m_status;
    wire::PlainStatus m_peerStatus;
    std::uint8_t m_peerHears = 0;
    std::uint64_t m_sequence;
    Instant m_beatAt;
    std::uint64_t m_changes = 0;
    std::array<std::uint64_t, wire::rejectReasons> m_rejectedBy{};
    wire::RejectReason m_lastReason = wire::RejectReason::Truncated;
    std::uint8_t m_lastRejectedLink = 0;
};

} // namespace dyad::heart
