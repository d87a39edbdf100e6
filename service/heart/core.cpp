// SPDX-License-Identifier: Apache-2.0
#include "heart/core.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace dyad::heart {

using model::Liveness;

namespace {

constexpr Duration maxBelievableRoundTrip = 10s;
constexpr int roundTripSmoothing = 8; // one eighth of each new measurement, as RFC 6298 smooths

} // namespace

Core::Core(const CoreSetup& setup, Instant now, std::uint64_t firstSequence)
    : m_setup(setup), m_peer(setup.self, setup.boot), m_links([&]<std::size_t... index>(std::index_sequence<index...>) {
          return std::array<Link, model::maxLinks>{
              ((void)index, Link{.detector = LinkDetector(setup.silence, now)})...};
      }(std::make_index_sequence<model::maxLinks>())),
      m_sequence(firstSequence), m_beatAt(now) {
    DYAD_CHECK(setup.links >= 1 && setup.links <= model::maxLinks, "the heart was set up with no link or too many");
}

void Core::woken(Instant due, Instant now) {
    const Duration late = m_lateness.woken(due, now);
    // A little lateness is within the margin of the time-outs. A real absence (overload, SIGSTOP, a paused machine)
    // says nothing about the peer: only silence that we were there to hear counts.
    if (late <= m_setup.heartbeat) return;
    for (std::size_t i = 0; i < m_setup.links; ++i)
        m_links[i].detector.forgive(late, now);
}

void Core::heard(Instant now, std::uint8_t at, const wire::Heartbeat& heartbeat) {
    DYAD_CHECK(at < m_setup.links, "a heartbeat was heard on a link that doesn't exist");
    const PeerTracker::Judgement judgement = m_peer.judge(at, heartbeat);
    if (judgement.verdict == PeerTracker::Verdict::Rejected) return rejected(at, judgement.reason);

    Link& link = m_links[at];
    link.echo = wire::Echo{heartbeat.boot, heartbeat.sentAt, Duration::zero()};
    link.echoArrived = now;
    if (judgement.verdict == PeerTracker::Verdict::Unproven) return;

    if (judgement.newBoot) {
        for (Link& each : m_links)
            each.loss.reset();
        ++m_changes;
    }
    believe(now, link, heartbeat);
}

void Core::believe(Instant now, Link& link, const wire::Heartbeat& heartbeat) {
    if (link.detector.liveness() != Liveness::Alive) ++m_changes;
    link.detector.heard(now);
    link.lastHeard = now;
    ++link.received;
    link.loss.received(heartbeat.sequence);
    measureRoundTrip(now, link, heartbeat.echo);

    // The same beat comes on several links, and an older one may overtake: only the latest word counts.
    if (heartbeat.sequence == m_peer.latestSequence()) {
        if (heartbeat.status != m_peerStatus) ++m_changes;
        m_peerStatus = heartbeat.status;
        m_peerHears = heartbeat.hears;
    }
    noteDirections();
}

void Core::measureRoundTrip(Instant now, Link& link, const wire::Echo& echo) {
    if (!m_peer.isFresh(echo)) return;
    const Duration away = now - echo.sentAt;
    if (away < echo.held || away - echo.held > maxBelievableRoundTrip) return;
    const Duration measured = away - echo.held;
    if (link.roundTrip == Duration::zero())
        link.roundTrip = measured;
    else
        link.roundTrip += (measured - link.roundTrip) / roundTripSmoothing;
}

void Core::noteDirections() {
    // What a silent peer once said of our heartbeats is no longer true.
    const bool peerSpeaks = std::any_of(
        m_links.begin(), m_links.begin() + static_cast<std::ptrdiff_t>(m_setup.links), [](const Link& link) {
            return link.detector.liveness() == Liveness::Alive || link.detector.liveness() == Liveness::Suspect;
        });
    for (std::size_t i = 0; i < m_setup.links; ++i) {
        const bool hears = peerSpeaks && ((m_peerHears >> i) & 1) != 0;
        if (hears != m_links[i].peerHearsUs) ++m_changes;
        m_links[i].peerHearsUs = hears;
    }
}

void Core::rejected(std::uint8_t at, wire::RejectReason reason) {
    DYAD_CHECK(at < m_setup.links, "a datagram was rejected on a link that doesn't exist");
    Link& link = m_links[at];
    ++link.rejected;
    ++m_rejectedBy[static_cast<std::size_t>(reason)];
    m_lastReason = reason;
    m_lastRejectedLink = at;
    const std::uint32_t bit = std::uint32_t{1} << static_cast<unsigned>(reason);
    if ((link.reasonsMet & bit) == 0) ++m_changes;
    link.reasonsMet |= bit;
}

void Core::timePassed(Instant now) {
    bool changed = false;
    for (std::size_t i = 0; i < m_setup.links; ++i) {
        LinkDetector& detector = m_links[i].detector;
        const Liveness before = detector.liveness();
        detector.timePassed(now);
        changed |= detector.liveness() != before;
    }
    if (!changed) return;
    ++m_changes;
    noteDirections();
}

void Core::beginBeat(Instant now) {
    ++m_sequence;
    // An echo names a beat by its time, so no two may have the same.
    m_beatAt = std::max(now, m_beatAt + Duration(1));
    m_peer.beatSent(m_beatAt);
}

wire::Heartbeat Core::heartbeatFor(std::uint8_t at) const {
    const Link& link = m_links[at];
    wire::Heartbeat heartbeat;
    heartbeat.cluster = m_setup.cluster;
    heartbeat.sender = m_setup.self;
    heartbeat.link = at;
    heartbeat.boot = m_setup.boot;
    heartbeat.sequence = m_sequence;
    heartbeat.sentAt = m_beatAt;
    if (link.echo.boot.value != 0) {
        heartbeat.echo = link.echo;
        heartbeat.echo.held = std::max(Duration::zero(), m_beatAt - link.echoArrived);
    }
    for (std::size_t i = 0; i < m_setup.links; ++i)
        if (m_links[i].detector.liveness() == Liveness::Alive)
            heartbeat.hears = static_cast<std::uint8_t>(heartbeat.hears | (1u << i));
    heartbeat.status = m_status;
    return heartbeat;
}

std::optional<Instant> Core::nextJudgement() const {
    std::optional<Instant> next;
    for (std::size_t i = 0; i < m_setup.links; ++i) {
        const std::optional<Instant> of = m_links[i].detector.nextJudgement();
        if (of && (!next || *of < *next)) next = of;
    }
    return next;
}

void Core::fill(BoardReport& report, Instant now) const {
    report.changes = m_changes;
    report.beatAt = now.nanoseconds();
    report.worstLateness = m_lateness.worst().count();
    report.peerBoot = m_peer.boot().value;
    report.peerStatus = m_peerStatus;
    report.rejectedBy = m_rejectedBy;
    report.lastRejectedReason = static_cast<std::uint8_t>(m_lastReason);
    report.lastRejectedLink = m_lastRejectedLink;
    report.linkCount = static_cast<std::uint8_t>(m_setup.links);
    for (std::size_t i = 0; i < m_setup.links; ++i) {
        const Link& link = m_links[i];
        // One heartbeat may be under way at any time; what is silent for longer is overdue.
        const auto intervals = link.detector.everHeard() ? (now - link.lastHeard) / m_setup.heartbeat : 0;
        const auto overdue = static_cast<std::uint64_t>(std::max<std::int64_t>(0, intervals - 1));
        BoardLink& to = report.links[i];
        to.liveness = static_cast<std::uint8_t>(link.detector.liveness());
        to.peerHearsUs = link.peerHearsUs ? 1 : 0;
        to.everHeard = link.detector.everHeard() ? 1 : 0;
        to.lossPerMillion = static_cast<std::uint32_t>(link.loss.ratio(overdue) * 1'000'000);
        to.lastHeard = link.lastHeard.nanoseconds();
        to.roundTrip = link.roundTrip.count();
        to.received = link.received;
        to.rejected = link.rejected;
    }
}

} // namespace dyad::heart
