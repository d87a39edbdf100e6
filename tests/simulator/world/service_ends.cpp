// SPDX-License-Identifier: Apache-2.0
// The service's ends of heart and dyad-lun, as daemon/heart_adapter and storage/lun_process have them.
#include "world/service.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

using model::LunNotice;
using model::ReservationOutcome;
using model::ReservationRequest;

namespace {

// As the programs have them.
constexpr Duration lunAnswerDeadline = 4s;
constexpr Duration lunRestartPause = 200ms;

} // namespace

// --- heart ---------------------------------------------------------------------------------------------------------

void Service::heartPokes() {
    if (!m_engine || m_boardPlanned) return;
    m_boardPlanned = true;
    m_world.plan(World::hop, {.life = m_life, .node = m_node, .what = Happens::ServiceReadsBoard});
}

void Service::readBoard(std::uint32_t life) {
    if (life != m_life || !m_engine) return;
    m_boardPlanned = false;
    Host& host = m_world.host(m_node);
    if (!host.heart().runs()) return;
    heart::Report report = host.heart().report(m_settings);
    const Duration skipped = host.local() - host.localHeart();
    for (model::LinkReport& link : report.links)
        if (link.everHeard) link.lastHeard = link.lastHeard + skipped;
    m_lastReport = {std::move(report.links), std::move(report.peer)};
    m_queue.emplace_back(m_lastReport);
    if (m_drainPlanned) return;
    m_drainPlanned = true;
    m_world.plan(Duration(0), {.life = m_life, .node = m_node, .what = Happens::ServiceDrains});
}

void Service::heartDied() {
    if (!m_engine) return;
    engine::HeartChanged deaf = m_lastReport;
    for (model::LinkReport& link : deaf.links)
        link.liveness = model::Liveness::Unknown;
    post(std::move(deaf));
}

void Service::joinHeart(std::uint32_t life) {
    Host& host = m_world.host(m_node);
    if (life != m_life || !m_engine || !host.heart().runs()) return;
    m_world.wakeHearts();
    host.heart().serviceCame();
    if (m_status) host.heart().order(wire::toPlain(*m_status));
    heartPokes();
}

// --- dyad-lun ------------------------------------------------------------------------------------------------------

void Service::lunConnects(std::uint16_t lun, std::uint32_t life) {
    if (life != m_life || !m_engine) return;
    Host& host = m_world.host(m_node);
    if (!host.lun(lun).runs()) host.lun(lun).start();
    m_luns[lun].connected = true;
    host.lun(lun).tellHello();
}

void Service::notice(std::uint16_t lun, LunNotice::Kind kind) { post(LunNotice{model::LunId(lun), kind, {}}); }

void Service::lunState(std::uint16_t lun, bool pathUp, bool gateOpen) {
    LunEnd& end = m_luns[lun];
    if (!m_engine || !end.connected) return;
    const bool wasUp = std::exchange(end.pathUp, pathUp);
    end.gateOpen = gateOpen;
    if (!gateOpen && (!end.stateSeen || end.openWhenLastSeen)) notice(lun, LunNotice::Kind::Fenced);
    end.stateSeen = true;
    end.openWhenLastSeen = false;
    if (pathUp && !wasUp) notice(lun, LunNotice::Kind::PathUp);
    if (!pathUp && wasUp) notice(lun, LunNotice::Kind::PathDown);
}

void Service::lunTells(std::uint16_t lun, const LunNotice& told) {
    LunEnd& end = m_luns[lun];
    if (!m_engine || !end.connected) return;
    if (told.kind == LunNotice::Kind::Fenced) {
        end.gateOpen = false;
        return notice(lun, LunNotice::Kind::Fenced);
    }
    const bool up = told.kind == LunNotice::Kind::PathUp;
    if (up == end.pathUp) return;
    end.pathUp = up;
    notice(lun, told.kind);
}

void Service::lunAnswers(std::uint16_t lun, const model::ReservationAnswer& answer) {
    LunEnd& end = m_luns[lun];
    if (!m_engine || !end.connected) return;
    const auto asked = std::find_if(end.asked.begin(), end.asked.end(), [&](const LunEnd::Asked& each) {
        return each.request.operation == answer.operation;
    });
    if (asked == end.asked.end()) return;
    end.asked.erase(asked);
    post(answer);
}

void Service::lunDied(std::uint16_t lun) {
    if (!m_engine) return;
    LunEnd& end = m_luns[lun];
    if (!end.connected) return;
    end.connected = false;
    const bool wasUp = std::exchange(end.pathUp, false);
    end.openWhenLastSeen = end.openWhenLastSeen || end.gateOpen;
    end.gateOpen = false;
    for (const LunEnd::Asked& each : std::exchange(end.asked, {}))
        fail(each.request, ReservationOutcome::NoPath);
    if (wasUp) notice(lun, LunNotice::Kind::PathDown);
    if (std::exchange(end.openWhenLastSeen, false)) notice(lun, LunNotice::Kind::Fenced);
    m_world.plan(lunRestartPause + lunStarts,
                 {.life = m_life, .target = lun, .node = m_node, .what = Happens::LunConnects});
}

void Service::fail(const ReservationRequest& request, ReservationOutcome outcome) {
    model::ReservationAnswer answer;
    answer.operation = request.operation;
    answer.epoch = request.epoch;
    answer.group = request.group;
    answer.lun = request.lun;
    answer.command = request.command;
    answer.outcome = outcome;
    post(std::move(answer));
}

void Service::send(const ReservationRequest& request) {
    const auto lun = static_cast<std::uint16_t>(request.lun.value);
    m_world.digest().add((std::uint64_t{lun} << 40) ^ (static_cast<std::uint64_t>(request.command) << 32) ^
                         request.key.value);
    m_world.arrayAsked(m_node, lun);
    LunEnd& end = m_luns[lun];
    if (!end.connected) return fail(request, ReservationOutcome::NoPath);
    const Instant deadline = m_world.host(m_node).local() + lunAnswerDeadline;
    end.asked.push_back({request, deadline});
    m_world.host(m_node).lun(lun).tell(request);
    if (end.armed) return;
    end.armed = true;
    m_world.plan(m_world.host(m_node).worldAt(deadline) - m_world.now(),
                 {.life = m_life, .target = lun, .node = m_node, .what = Happens::ServiceOutstanding});
}

void Service::outstanding(std::uint16_t lun, std::uint32_t life) {
    if (life != m_life || !m_engine) return;
    LunEnd& end = m_luns[lun];
    const Instant now = m_world.host(m_node).local();
    while (!end.asked.empty() && end.asked.front().deadline <= now) {
        const ReservationRequest request = end.asked.front().request;
        end.asked.erase(end.asked.begin());
        fail(request, ReservationOutcome::Late);
    }
    end.armed = !end.asked.empty();
    if (end.armed)
        m_world.plan(m_world.host(m_node).worldAt(end.asked.front().deadline) - m_world.now(),
                     {.life = m_life, .target = lun, .node = m_node, .what = Happens::ServiceOutstanding});
}

void Service::closeGate(std::uint16_t lun) {
    m_luns[lun].gateOpen = false;
    m_world.host(m_node).lun(lun).tellCloseGate();
}

} // namespace dyad::simulator
