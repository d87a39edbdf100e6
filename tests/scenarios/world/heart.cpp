// SPDX-License-Identifier: Apache-2.0
#include "world/heart.h"

#include <algorithm>

namespace dyad::world {

using model::Liveness;

Heart::Heart(std::size_t links, const engine::Timeouts& timeouts, model::BootDigest boot, Instant now)
    : m_timeouts(timeouts), m_boot(boot), m_links(links), m_countedFrom(links, now), m_peerHears(links) {}

bool Heart::heard(std::size_t at, const Heartbeat& heartbeat, Instant now) {
    m_echo = heartbeat.boot;
    if (heartbeat.boot != m_peer.boot || !m_peer.everHeard) {
        if (heartbeat.echo != m_boot) return false;
        m_peer.everHeard = true;
        m_peer.boot = heartbeat.boot;
    }
    model::LinkReport& link = m_links[at];
    const bool changed = link.liveness != Liveness::Alive || m_peer.status != heartbeat.status;
    link.liveness = Liveness::Alive;
    link.everHeard = true;
    link.lastHeard = now;
    ++link.received;
    m_countedFrom[at] = now;
    m_peer.status = heartbeat.status;
    m_peerHears = heartbeat.hears;
    return noteDirections() || changed;
}

bool Heart::timePassed(Instant now) {
    bool changed = false;
    for (std::size_t i = 0; i < m_links.size(); ++i) {
        const Duration silent = now - m_countedFrom[i];
        const Liveness before = m_links[i].liveness;
        if (silent >= m_timeouts.lost)
            m_links[i].liveness = Liveness::Lost;
        else if (silent >= m_timeouts.suspect && before == Liveness::Alive)
            m_links[i].liveness = Liveness::Suspect;
        changed = changed || m_links[i].liveness != before;
    }
    return changed && (noteDirections() || changed);
}

bool Heart::noteDirections() {
    const bool speaks = std::any_of(m_links.begin(), m_links.end(), [](const model::LinkReport& link) {
        return link.liveness == Liveness::Alive || link.liveness == Liveness::Suspect;
    });
    bool changed = false;
    for (std::size_t i = 0; i < m_links.size(); ++i) {
        const bool hears = speaks && m_peerHears[i];
        changed = changed || hears != m_links[i].peerHearsUs;
        m_links[i].peerHearsUs = hears;
    }
    return changed;
}

void Heart::forgive(Duration absence, Instant now) {
    for (Instant& each : m_countedFrom)
        each = std::max(each, std::min(now, each + absence));
}

Heartbeat Heart::beat() const {
    Heartbeat heartbeat{m_boot, m_echo, {}, status};
    for (const model::LinkReport& link : m_links)
        heartbeat.hears.push_back(link.liveness == Liveness::Alive);
    return heartbeat;
}

std::optional<Instant> Heart::nextJudgement() const {
    std::optional<Instant> next;
    for (std::size_t i = 0; i < m_links.size(); ++i) {
        if (m_links[i].liveness == Liveness::Lost) continue;
        const Duration patience = m_links[i].liveness == Liveness::Alive ? m_timeouts.suspect : m_timeouts.lost;
        const Instant at = m_countedFrom[i] + patience;
        if (!next || at < *next) next = at;
    }
    return next;
}

} // namespace dyad::world
