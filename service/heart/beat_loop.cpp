// SPDX-License-Identifier: Apache-2.0
#include "heart/beat_loop.h"

#include "heart/link_socket.h"
#include "heart/serial_line.h"

#include <algorithm>
#include <chrono>
#include <variant>

namespace dyad::heart {

namespace {

Instant clockNow() {
    return Instant::fromNanoseconds(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

// A heart that is started again within one boot must go on above what it used before: microseconds of the boot's own
// clock grow faster than beats are sent.
std::uint64_t firstSequence(Instant now) { return static_cast<std::uint64_t>(now.nanoseconds() / 1000); }

std::unique_ptr<LinkPort> makeLink(boost::asio::io_context& context, const LinkSettings& settings,
                                   std::function<void()> onReadable) {
    if (settings.serialRate != 0) return std::make_unique<SerialLine>(context, settings, std::move(onReadable));
    return std::make_unique<LinkSocket>(context, settings, std::move(onReadable));
}

} // namespace

BeatLoop::BeatLoop(const Settings& settings, const wire::ClusterKey& key, Board board)
    : m_timer(m_context), m_door(m_context), m_core(settings.core(), clockNow(), firstSequence(clockNow())),
      m_board(std::move(board)), m_key(key), m_cluster(settings.cluster), m_heartbeat(settings.heartbeat) {
    for (std::size_t i = 0; i < settings.links.size(); ++i)
        m_links.push_back(makeLink(m_context, settings.links[i], [this, i] { readable(i); }));
    m_door.onPresence = [this] { presenceChanged(); };
    m_door.onPoke = [this] { takeOrder(); };
}

Result<void> BeatLoop::run(const std::string& socketPath) {
    if (Result<void> opened = m_door.open(socketPath); !opened) return opened;
    const Instant now = clockNow();
    m_nextBeat = now;
    m_due = now;
    turn(now);
    m_context.run();
    return Error{"beat", "", "the event loop ended", ""};
}

void BeatLoop::alarm() {
    m_timer.expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(m_due.nanoseconds())));
    m_timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) turn(clockNow());
    });
}

void BeatLoop::readable(std::size_t link) {
    const Instant now = clockNow();
    // The alarm is due as well (we were held up): then everything is read before anything is judged.
    if (now >= m_due) return turn(now);
    drain(link, now);
    if (m_core.changes() != m_poked) writeBoard(now);
}

void BeatLoop::turn(Instant now) {
    m_core.woken(m_due, now);
    // Silence is about to be judged: first everything that waits is read. For a plain beat there is no hurry.
    if (const auto judgement = m_core.nextJudgement(); judgement && *judgement <= now) {
        for (std::size_t i = 0; i < m_links.size(); ++i)
            drain(i, now);
        m_core.timePassed(now);
    }
    if (now >= m_nextBeat || (m_extraBeat && now >= *m_extraBeat)) beat(now);
    if (m_core.changes() != m_poked) writeBoard(now);
    arm(now);
}

void BeatLoop::drain(std::size_t link, Instant now) {
    const auto id = static_cast<std::uint8_t>(link);
    m_links[link]->drain([&](std::span<const std::uint8_t> datagram) {
        const auto opened = wire::unseal(datagram, m_key, m_cluster);
        if (const auto* heartbeat = std::get_if<wire::Heartbeat>(&opened))
            m_core.heard(now, id, *heartbeat);
        else
            m_core.rejected(id, std::get<wire::RejectReason>(opened));
    });
}

void BeatLoop::presenceChanged() {
    wire::PlainStatus status = m_core.status();
    // A service that has said nothing yet is not there yet, for the peer.
    status.setServiceAlive(m_door.servicePresent() && m_order.published > 0);
    if (status == m_core.status()) return;
    m_core.setStatus(status);
    beatSoon(clockNow());
}

void BeatLoop::takeOrder() {
    const std::optional<BoardOrder> order = m_board.readOrder();
    // A service that died in the middle of a word has said nothing; neither has one that speaks nonsense.
    if (!order || order->published == 0 || !order->status.wellFormed()) return;
    m_order = *order;
    wire::PlainStatus status = order->status;
    status.setServiceAlive(m_door.servicePresent());
    if (status == m_core.status()) return;
    m_core.setStatus(status);
    beatSoon(clockNow());
}

void BeatLoop::beatSoon(Instant now) {
    m_extraBeat = std::max(now, m_lastBeat + minimumBeatGap);
    if (*m_extraBeat <= now)
        beat(now);
    else
        arm(now);
}

void BeatLoop::beat(Instant now) {
    m_extraBeat.reset();
    m_lastBeat = now;
    if (now >= m_nextBeat) {
        // On the grid, whatever this turn's lateness: no drift. Beats that were missed are not made up for.
        const auto passed = (now - m_nextBeat) / m_heartbeat;
        m_nextBeat = m_nextBeat + m_heartbeat * (passed + 1);
    }
    m_core.beginBeat(now);
    for (std::size_t i = 0; i < m_links.size(); ++i) {
        m_links[i]->ensureOpen(now);
        if (!m_links[i]->isOpen()) continue;
        const std::size_t bytes =
            wire::seal(m_core.heartbeatFor(static_cast<std::uint8_t>(i)), m_key, m_salt, m_datagram);
        m_links[i]->send(now, std::span<const std::uint8_t>(m_datagram).first(bytes));
    }
    writeBoard(now); // with the beat, so that whoever reads it sees when we were last here
}

void BeatLoop::writeBoard(Instant now) {
    m_core.fill(m_report, now);
    for (std::size_t i = 0; i < m_links.size(); ++i)
        m_report.links[i].socketOpen = m_links[i]->isOpen() ? 1 : 0;
    m_board.writeReport(m_report);
    if (m_core.changes() == m_poked) return;
    m_poked = m_core.changes();
    m_door.poke();
}

void BeatLoop::arm(Instant now) {
    Instant next = m_nextBeat;
    if (m_extraBeat) next = std::min(next, *m_extraBeat);
    if (const auto judgement = m_core.nextJudgement()) next = std::min(next, *judgement);
    // A judgement that was put off by a heartbeat leaves the timer as it is: the next beat is never far.
    if (m_due > now && m_due <= next) return;
    m_due = next;
    alarm();
}

} // namespace dyad::heart
