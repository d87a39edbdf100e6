// SPDX-License-Identifier: Apache-2.0
#include "world/heart_body.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

constexpr Duration minimumBeatGap = 1ms; // as BeatLoop has it

std::uint64_t firstSequence(Instant now) { return static_cast<std::uint64_t>(now.nanoseconds() / 1000); }

} // namespace

Instant HeartBody::now() const { return m_world.host(m_node).localHeart(); }

void HeartBody::start(model::BootDigest boot) {
    const engine::Timeouts& timeouts = m_world.timeouts();
    ++m_life;
    ++m_unrest;
    heart::CoreSetup setup;
    setup.cluster = m_world.configuration().clusterId;
    setup.self = model::bothNodes[m_node];
    setup.boot = boot;
    setup.links = m_world.configuration().links.size();
    setup.heartbeat = timeouts.heartbeat;
    setup.silence = {timeouts.suspect, timeouts.lost};
    m_heartbeat = timeouts.heartbeat;
    m_core.emplace(setup, now(), firstSequence(now()));
    m_servicePresent = false;
    m_published = m_taken = 0;
    m_order = m_board = wire::PlainStatus();
    m_extraBeat.reset();
    m_lastBeat = Instant();
    m_poked = 0;
    m_inbox.clear();
    m_nextBeat = m_due = now();
    turn();
}

void HeartBody::end() {
    ++m_life;
    ++m_timer;
    ++m_unrest;
    m_core.reset();
    for (const Waiting& each : m_inbox)
        m_world.links().letGo(each.packet);
    m_inbox.clear();
}

void HeartBody::timer(std::uint32_t life) {
    if (life != m_timer || !m_core) return;
    turn();
}

void HeartBody::datagram(std::uint8_t link, std::uint32_t packet) {
    if (!m_core) return m_world.links().letGo(packet);
    if (m_world.host(m_node).still()) {
        m_inbox.push_back({link, packet});
        return;
    }
    // The alarm is due as well: then everything is read before anything is judged.
    if (now() >= m_due) {
        m_inbox.push_back({link, packet});
        return turn();
    }
    read(link, packet);
    if (m_core->changes() != m_poked) tellService();
}

void HeartBody::resume() {
    if (!m_core) return;
    if (now() >= m_due) turn();
    if (m_inbox.empty()) return;
    drain();
    if (m_core->changes() != m_poked) tellService();
}

void HeartBody::turn() {
    m_core->woken(m_due, now());
    if (const auto judgement = m_core->nextJudgement(); judgement && *judgement <= now()) {
        drain();
        m_core->timePassed(now());
    }
    if (now() >= m_nextBeat || (m_extraBeat && now() >= *m_extraBeat)) beat();
    drain(); // the sockets, right after the timer
    if (m_core->changes() != m_poked) tellService();
    arm();
}

void HeartBody::drain() {
    for (const Waiting& each : std::exchange(m_inbox, {}))
        read(each.link, each.packet);
}

void HeartBody::read(std::uint8_t link, std::uint32_t at) {
    Packet& packet = m_world.links().packet(at);
    if (packet.bytes == 0) {
        m_core->heard(now(), link, packet.heartbeat);
    } else {
        const auto opened = wire::unseal(std::span<const std::uint8_t>(packet.raw).first(packet.bytes),
                                         m_world.links().key(), m_world.configuration().clusterId);
        if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&opened))
            m_core->heard(now(), link, *heartbeat);
        else {
            ++m_unrest;
            m_core->rejected(link, std::get<wire::RejectReason>(opened));
        }
    }
    m_world.links().letGo(at);
}

void HeartBody::serviceCame() {
    if (!m_core) return;
    m_servicePresent = true;
    presenceChanged();
}

void HeartBody::serviceWent() {
    if (!m_core || !m_servicePresent) return;
    m_servicePresent = false;
    presenceChanged();
}

void HeartBody::presenceChanged() {
    ++m_unrest;
    wire::PlainStatus status = m_core->status();
    status.setServiceAlive(m_servicePresent && m_taken > 0);
    if (status == m_core->status()) return;
    m_core->setStatus(status);
    beatSoon();
}

void HeartBody::order(const wire::PlainStatus& status) {
    if (!m_core) return;
    ++m_unrest;
    m_board = status;
    ++m_published;
    m_world.planHeart(World::hop, {.life = m_life, .node = m_node, .what = Happens::HeartTakesOrder});
}

void HeartBody::takeOrder(std::uint32_t life) {
    if (life != m_life || !m_core || m_published == 0) return;
    ++m_unrest;
    m_taken = m_published;
    m_order = m_board;
    wire::PlainStatus status = m_order;
    status.setServiceAlive(m_servicePresent);
    if (status == m_core->status()) return;
    m_core->setStatus(status);
    beatSoon();
}

void HeartBody::beatSoon() {
    m_extraBeat = std::max(now(), m_lastBeat + minimumBeatGap);
    if (*m_extraBeat <= now())
        beat();
    else
        arm();
}

void HeartBody::beat() {
    const Instant at = now();
    ++m_beats;
    m_extraBeat.reset();
    m_lastBeat = at;
    if (at >= m_nextBeat) {
        const auto passed = (at - m_nextBeat) / m_heartbeat;
        m_nextBeat = m_nextBeat + m_heartbeat * (passed + 1);
    }
    m_core->beginBeat(at);
    for (std::size_t i = 0; i < m_world.links().count(); ++i)
        m_world.links().send(m_node, static_cast<std::uint8_t>(i), m_core->heartbeatFor(static_cast<std::uint8_t>(i)));
    if (m_core->changes() != m_poked) tellService();
}

void HeartBody::tellService() {
    m_poked = m_core->changes();
    ++m_unrest;
    if (m_servicePresent) m_world.host(m_node).service().heartPokes();
}

heart::Report HeartBody::report(const heart::Settings& settings) {
    m_core->fill(m_report, now());
    return heart::toReport(m_report, settings);
}

void HeartBody::arm() {
    Instant next = m_nextBeat;
    if (m_extraBeat) next = std::min(next, *m_extraBeat);
    if (const auto judgement = m_core->nextJudgement()) next = std::min(next, *judgement);
    if (m_due > now() && m_due <= next) return;
    m_due = next;
    m_world.planHeartAt(m_node, m_due, {.life = ++m_timer, .node = m_node, .what = Happens::HeartTimer});
}

// Every link is heard in both directions or lost in both; nothing is waiting to be said.
bool HeartBody::atRest() const {
    if (!m_core) return true;
    if (m_extraBeat || m_taken != m_published || !m_inbox.empty() || m_poked != m_core->changes()) return false;
    return true;
}

} // namespace dyad::simulator
