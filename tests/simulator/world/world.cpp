// SPDX-License-Identifier: Apache-2.0
#include "world/world.h"

#include "checkers/all.h"

#include <algorithm>

namespace dyad::simulator {

World::World(const Plan& plan, Story* story)
    : m_plan(plan), m_story(story), m_configuration(configurationOf(plan.options)),
      m_timeouts(engine::timeoutsOf(m_configuration.profile)), m_dice(plan.seed, 1),
      m_links(*this, plan.options.links, plan.seed) {
    ArrayManners manners;
    manners.preemptAndAbort = plan.options.preemptAndAbort != 0;
    manners.registrationSurvives = plan.options.registrationSurvives != 0;
    manners.lunReset = plan.options.noReset == 0;
    manners.resetLandsWrites = plan.options.resetLandsWrites != 0;
    manners.keepsKeys = plan.options.keepsKeys != 0;
    for (std::size_t i = 0; i < m_configuration.luns.size(); ++i) {
        m_units.emplace_back(manners, plan.seed, 0x5000 + i);
        m_units.back().onLanded = [this, i](const LogicalUnit::Flying& write) {
            see({.kind = SightKind::Landed,
                 .node = write.nexus.node,
                 .boot = write.boot,
                 .lun = static_cast<std::uint32_t>(i),
                 .slot = write.record.slot,
                 .token = write.record.token});
        };
    }
    m_truth.timeouts = &m_timeouts;
    m_truth.luns = m_units.size();
    m_truth.links = plan.options.links;
    for (const model::GroupSetup& setup : m_configuration.groups) {
        GroupTruth group;
        for (const model::LunId lun : setup.luns)
            group.luns.push_back(lun.value);
        group.resources = setup.resources.size();
        group.preferred = static_cast<std::uint8_t>(model::indexOf(setup.prefer.value_or(model::NodeId::First)));
        group.automaticFailback = setup.failback == model::Failback::Auto;
        m_truth.groups.push_back(std::move(group));
    }
    for (std::uint8_t node = 0; node < 2; ++node) {
        m_hosts[node] = std::make_unique<Host>(*this, node, plan.seed);
        for (std::size_t g = 0; g < m_truth.groups.size(); ++g)
            for (std::size_t r = 0; r < m_truth.groups[g].resources; ++r)
                m_truth.nodes[node].resources[g][r].type =
                    m_hosts[node]->resources().at(static_cast<std::uint32_t>(g), static_cast<std::uint32_t>(r)).type;
    }
    addCheckers();
    planFaults();
    for (std::uint8_t node = 0; node < 2; ++node)
        noteTruth(node);
    linksChanged();
}

World::~World() {
    // dyad-lun's procedures hold on to commands and sessions: they go first.
    for (auto& host : m_hosts)
        for (std::size_t i = 0; i < host->luns(); ++i)
            host->lun(i).end();
}

void World::addCheckers() {
    m_checkers = allCheckers(m_configuration);
    for (const auto& each : m_checkers) {
        for (unsigned kind = 0; kind < sightKinds; ++kind)
            if (each->wants() & (1u << kind)) m_watchers[kind].push_back(each.get());
        if (std::string_view(each->name()) == "liveness") m_liveness = each.get();
    }
}

// --- time ----------------------------------------------------------------------------------------------------------

void World::plan(Duration after, Happening what) {
    what.at = (m_now + std::max(after, Duration(0))).count();
    m_agenda.plan(what);
}

void World::planRoom(Duration after, Happening what) {
    what.at = (roomNow() + std::max(after, Duration(0))).count();
    m_roomAgenda.plan(what);
}

void World::planHeart(Duration after, Happening what) {
    what.at = (heartNow() + std::max(after, Duration(0))).count();
    m_heartAgenda.plan(what);
}

void World::planHeartAt(std::uint8_t node, Instant local, Happening what) {
    what.at = std::max(m_hosts[node]->worldAt(local), heartNow()).count();
    m_heartAgenda.plan(what);
}

// --- what happens ----------------------------------------------------------------------------------------------------

Verdict World::run() {
    const Duration hardEnd = wholeLife + livenessBound(m_timeouts);
    while (!m_broken && !m_over) {
        constexpr Duration never = Duration::max();
        const Duration room = m_roomAgenda.empty() ? never : Duration(m_roomAgenda.next().at) - m_calm;
        const Duration world = m_agenda.empty() ? never : Duration(m_agenda.next().at);
        const Duration heart =
            m_calmSince || m_heartAgenda.empty() ? never : Duration(m_heartAgenda.next().at) + m_skipped;
        const Duration at = std::min({room, world, heart});
        if (at == never) break;
        if (m_healed && at + m_calm >= wholeLife && (!m_liveness->lookAgain || at + m_calm > hardEnd)) break;
        m_now = std::max(m_now, at);
        m_truth.now = m_now;
        ++m_counts.happenings;
        if (heart < world && heart < room) {
            happen(m_heartAgenda.take());
            considerHeartCalm();
        } else {
            happen((room <= world ? m_roomAgenda : m_agenda).take());
        }
    }
    Verdict verdict;
    m_counts.virtualTime = std::max(roomNow(), wholeLife);
    m_counts.calmTime = m_counts.virtualTime - m_now;
    if (m_broken) {
        m_counts.virtualTime = roomNow();
        m_counts.calmTime = m_calm;
        verdict.kind = m_broken == m_liveness ? Verdict::Kind::Liveness : Verdict::Kind::Safety;
        verdict.checker = m_broken->name();
        verdict.what = m_broken->broken;
        tell("BROKEN " + verdict.checker + ": " + verdict.what);
        m_digest.add(0xbad);
    }
    for (const LogicalUnit& unit : m_units)
        for (const std::uint64_t token : unit.medium())
            m_digest.add(token);
    verdict.at = roomNow();
    verdict.digest = m_digest.value();
    verdict.counts = m_counts;
    return verdict;
}

void World::happen(const Happening& what) {
    switch (what.what) {
    case Happens::FaultBegins: return begin(m_plan.faults[what.item], what.item);
    case Happens::FaultEnds: return end(m_plan.faults[what.item], what.item);
    case Happens::Heal: return heal();
    case Happens::LookAfter: return lookAfter();
    case Happens::CalmConsidered: return considerCalm();
    case Happens::CheckerLooks: {
        m_lookPlanned.reset();
        for (const auto& each : m_checkers) {
            if (!each->lookAgain || *each->lookAgain > m_now) continue;
            each->lookAgain.reset();
            each->see({.kind = SightKind::Look}, m_truth);
            if (!each->broken.empty() && !m_broken) m_broken = each.get();
        }
        for (const auto& each : m_checkers)
            planLook(*each);
        return;
    }
    case Happens::CommandArrives:
    case Happens::WriteLands:
    case Happens::ConnectionReset:
    case Happens::ArrayBack: return happenAtArray(what);
    default: return happenOnHost(what);
    }
}

void World::happenOnHost(const Happening& what) {
    Host& host = *m_hosts[what.node];
    switch (what.what) {
    case Happens::PowerOn: return host.powerOn();
    case Happens::Resume:
        if (what.life == host.boots()) host.resume();
        return;
    case Happens::PauseAgain: return host.pauseAgain(what.life);
    case Happens::HeartStarts: return host.startHeart(what.life);
    case Happens::Datagram: return host.heart().datagram(static_cast<std::uint8_t>(what.target), what.item);
    default: break;
    }
    // Whoever stands still does it later, in the same order.
    if (host.still()) {
        const Duration rest = host.stillUntil() - m_now;
        const bool heart = what.what == Happens::HeartTimer || what.what == Happens::HeartTakesOrder;
        return heart ? planHeart(rest, what) : plan(rest, what);
    }
    const auto lun = static_cast<std::size_t>(what.target);
    switch (what.what) {
    case Happens::HeartTimer: return host.heart().timer(what.life);
    case Happens::HeartTakesOrder: return host.heart().takeOrder(what.life);
    case Happens::ServiceStarts:
        if (what.life == host.boots() && !host.shutDown) host.service().start();
        return;
    case Happens::ServiceDrains: return host.service().drain(what.life);
    case Happens::ServiceDeadline: return host.service().deadline(what.life);
    case Happens::ServiceReadsBoard: return host.service().readBoard(what.life);
    case Happens::ServiceJoinsHeart: return host.service().joinHeart(what.life);
    case Happens::GatewayTold:
        if (what.life == host.service().life()) host.service().gateway(host.gateway);
        return;
    case Happens::ServiceOutstanding: return host.service().outstanding(what.target, what.life);
    case Happens::LunConnects: return host.service().lunConnects(what.target, what.life);
    case Happens::LunHears: return host.lun(lun).hears(what.life);
    case Happens::LunTick: return host.lun(lun).tick(what.life);
    case Happens::SessionTry: return host.lun(lun).session().tryLogin(what.life);
    case Happens::SessionLoggedIn: host.lun(lun).session().loggedIn(what.life); return host.lun(lun).settle();
    case Happens::SessionLost: host.lun(lun).session().lost(what.life, what.item); return host.lun(lun).settle();
    case Happens::CommandAnswered: {
        Command& command = m_commands.at(what.item);
        if (!pathWorks(what.node, lun) && command.atHost && command.sessionLife == host.lun(lun).session().life())
            return host.lun(lun).session().stick(what.item, false);
        host.lun(lun).session().answered(what.item);
        return host.lun(lun).settle();
    }
    case Happens::ResourceAnswers: return host.resources().answer(what.target, what.life);
    case Happens::ResourceEnds: return host.resources().ended(what.target, what.life);
    case Happens::DatabaseWrites: return host.resources().database(what.target).write(what.life);
    default: return;
    }
}

void World::forget(std::uint32_t index) {
    m_commands.at(index).atArray = false;
    m_commands.letGo(index);
}

void World::happenAtArray(const Happening& what) {
    if (what.what == Happens::ArrayBack) {
        --m_arrayAway;
        hostChanged(0);
        hostChanged(1);
        return;
    }
    if (what.what == Happens::ConnectionReset) return m_units[what.target].connectionReset(what.node, what.item);
    Command& command = m_commands.at(what.item);
    const std::size_t lun = command.lun;
    Session& session = m_hosts[command.nexus.node]->lun(lun).session();
    LogicalUnit& unit = m_units[lun];
    const auto answerIn = [&](Duration after) {
        plan(Duration(session.answerAt((m_now + after + session.travel()).count())) - m_now,
             {.item = what.item,
              .target = static_cast<std::uint16_t>(lun),
              .node = command.nexus.node,
              .what = Happens::CommandAnswered});
    };
    if (what.what == Happens::WriteLands) {
        const std::optional<LogicalUnit::Flying> write = unit.land(what.item);
        if (!write) return forget(what.item); // aborted: never answered
        see({.kind = SightKind::Landed,
             .node = write->nexus.node,
             .boot = write->boot,
             .lun = static_cast<std::uint32_t>(lun),
             .slot = write->record.slot,
             .token = write->record.token});
        return answerIn(Duration(0));
    }
    // A connection that is over, a target that is away, a way that is cut.
    if (!unit.speaksWith(command.nexus.node, command.nexus.login) || arrayAway()) return forget(what.item);
    if (!pathWorks(command.nexus.node, lun)) {
        if (command.sessionLife != session.life()) return forget(what.item);
        return session.stick(what.item, true);
    }
    Bend& bend = m_bends[lun];
    const bool lost = bend.losesPercent > 0 && session.dice().chance(bend.losesPercent);
    if (lost && session.dice().chance(50)) return forget(what.item);
    bool answered = true;
    if (command.reset)
        unit.reset(command.reply);
    else if (command.data)
        answered = unit.accept(command.nexus, *command.data, what.item, command.boot, command.reply);
    else
        unit.carryOut(command.nexus, command.command, command.reply);
    keysMayHaveChanged(lun);
    if (!answered) {
        const Duration flight = std::max(bend.holdsUntil - m_now, Duration(0)) + session.dice().upTo(100us);
        return plan(flight, {.item = what.item, .node = command.nexus.node, .what = Happens::WriteLands});
    }
    if (lost) return forget(what.item);
    answerIn(Duration(0));
}

} // namespace dyad::simulator
