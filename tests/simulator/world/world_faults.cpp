// SPDX-License-Identifier: Apache-2.0
// What the plan does to the world, and how it heals.
#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

constexpr Duration secondNodeLater = 7s;
constexpr storage::Sense attentions[] = {
    {6, 0x29, 0x00}, // power on, reset
    {6, 0x2a, 0x03}, // reservations preempted
    {6, 0x2a, 0x01}, // mode parameters changed
    {6, 0x3f, 0x0e}, // reported LUNs data has changed
};

bool hasEnd(FaultKind kind) {
    switch (kind) {
    case FaultKind::LinkReplay:
    case FaultKind::PathBreak:
    case FaultKind::UnitAttention:
    case FaultKind::WallClockJump:
    case FaultKind::LunCrash:
    case FaultKind::ResourceDies:
    case FaultKind::Order: return false;
    default: return true;
    }
}

} // namespace

void World::planFaults() {
    planRoom(Duration(0), {.node = 0, .what = Happens::PowerOn});
    planRoom(options().bootTogether ? m_dice.upTo(500ms) : secondNodeLater, {.node = 1, .what = Happens::PowerOn});
    m_standing.assign(m_plan.faults.size(), false);
    for (std::uint32_t i = 0; i < m_plan.faults.size(); ++i) {
        const Fault& fault = m_plan.faults[i];
        if (fault.kind == FaultKind::LinkReplay) m_links.recordFrom(true);
        planRoom(fault.at, {.item = i, .what = Happens::FaultBegins});
    }
    planRoom(safetyPhase, {.what = Happens::Heal});
    considerCalm();
}

void World::begin(const Fault& fault, std::uint32_t index) {
    if (m_healed) return;
    ++m_counts.faults;
    ++m_counts.faultsByKind[static_cast<std::size_t>(fault.kind)];
    if (m_story) tell(">> " + inWords(fault));
    m_digest.add(0xfa017 ^ index);
    if (fault.kind > FaultKind::LinkReplay) m_truth.lastOtherTrouble = m_now;
    if (hasEnd(fault.kind)) {
        m_standing[index] = true;
        if (fault.kind > FaultKind::LinkReplay) ++m_truth.otherFaults;
        planRoom(fault.lasts, {.item = index, .what = Happens::FaultEnds});
    }
    if (fault.kind <= FaultKind::LinkReplay)
        bendLinks(fault, true);
    else if (fault.kind <= FaultKind::ForeignReservation)
        bendArray(fault, true);
    else if (fault.kind <= FaultKind::LunCrash || fault.kind >= FaultKind::Order)
        strikeHost(fault, true);
    else
        strikeResource(fault, true);
}

void World::end(const Fault& fault, std::uint32_t index) {
    if (!m_standing[index]) return;
    m_standing[index] = false;
    if (fault.kind > FaultKind::LinkReplay) {
        --m_truth.otherFaults;
        m_truth.lastOtherTrouble = m_now;
    }
    if (m_story) tell("<< over: " + inWords(fault));
    if (fault.kind <= FaultKind::LinkReplay)
        bendLinks(fault, false);
    else if (fault.kind <= FaultKind::ForeignReservation)
        bendArray(fault, false);
    else if (fault.kind <= FaultKind::LunCrash || fault.kind >= FaultKind::Order)
        strikeHost(fault, false);
    else
        strikeResource(fault, false);
}

void World::bendLinks(const Fault& fault, bool begins) {
    wakeHearts();
    const auto node = static_cast<std::uint8_t>(model::indexOf(fault.node));
    const unsigned amount = begins ? fault.amount : 0;
    for (std::uint8_t link = 0; link < m_links.count(); ++link) {
        if (fault.target != allTargets && fault.target != link) continue;
        Links::Direction& way = m_links.direction(node, link);
        switch (fault.kind) {
        case FaultKind::LinkCut:
            for (std::uint8_t each = 0; each < 2; ++each) {
                unsigned& cuts = m_links.direction(each, link).cuts;
                cuts = begins ? cuts + 1 : cuts - 1;
            }
            break;
        case FaultKind::LinkCutOneWay: way.cuts = begins ? way.cuts + 1 : way.cuts - 1; break;
        case FaultKind::LinkLoss: way.lossPercent = std::min(amount, 100u); break;
        case FaultKind::LinkDelay: way.delay = std::chrono::milliseconds(amount); break;
        case FaultKind::LinkJitter: way.jitter = std::chrono::milliseconds(amount); break;
        case FaultKind::LinkDuplicate: way.duplicatePercent = std::min(amount, 100u); break;
        case FaultKind::LinkReorder: way.reorderPercent = std::min(amount, 100u); break;
        case FaultKind::LinkCorrupt: way.corruptPercent = std::min(amount, 100u); break;
        case FaultKind::LinkReplay: m_links.replay(node, link, fault.amount); break;
        default: break;
        }
    }
    linksChanged();
}

void World::linksChanged() {
    for (std::uint8_t node = 0; node < 2; ++node)
        for (std::size_t link = 0; link < m_links.count(); ++link)
            m_truth.linkWorks[node][link] = m_links.direction(node, link).works();
    see({.kind = SightKind::LinksChanged});
}

void World::cutPath(std::uint8_t node, std::size_t lun, bool cut) {
    unsigned& cuts = m_pathCuts[node][lun];
    cuts = cut ? cuts + 1 : cuts - 1;
    Session& session = m_hosts[node]->lun(lun).session();
    if (cut && cuts == 1) session.pathCut();
    if (!cut && cuts == 0) session.pathHealed();
    hostChanged(node);
}

void World::bendArray(const Fault& fault, bool begins) {
    const auto node = static_cast<std::uint8_t>(model::indexOf(fault.node));
    if (fault.kind == FaultKind::ArrayRestart) {
        if (!begins) {
            plan(Duration(0), {.what = Happens::ArrayBack});
            return;
        }
        ++m_arrayAway;
        for (std::size_t i = 0; i < m_units.size(); ++i) {
            m_units[i].restart(fault.amount == 1);
            keysMayHaveChanged(i);
            for (std::uint8_t each = 0; each < 2; ++each)
                plan(3ms, {.life = m_hosts[each]->lun(i).session().life(),
                           .target = static_cast<std::uint16_t>(i),
                           .node = each,
                           .what = Happens::SessionLost});
        }
        hostChanged(0);
        hostChanged(1);
        return;
    }
    for (std::uint16_t lun = 0; lun < m_units.size(); ++lun) {
        if (fault.target != allTargets && fault.target != lun) continue;
        Bend& bend = m_bends[lun];
        LogicalUnit& unit = m_units[lun];
        const auto count = [begins](unsigned& value) { value = begins ? value + 1 : value - 1; };
        switch (fault.kind) {
        case FaultKind::PathCut: cutPath(node, lun, begins); break;
        case FaultKind::PathBreak: {
            Session& session = m_hosts[node]->lun(lun).session();
            plan(Duration(0), {.life = session.life(), .target = lun, .node = node, .what = Happens::SessionLost});
            break;
        }
        case FaultKind::ArrayRefuses:
            count(bend.refuses);
            unit.refuses = bend.refuses > 0;
            break;
        case FaultKind::ArraySlow: bend.slow = begins ? std::chrono::milliseconds(fault.amount) : Duration(0); break;
        case FaultKind::ArrayLosesCommands: bend.losesPercent = begins ? std::min(fault.amount, 100u) : 0; break;
        case FaultKind::ArrayBusy:
            count(bend.busy);
            unit.busy = bend.busy > 0;
            break;
        case FaultKind::ArrayHoldsWrites:
            if (begins) bend.holdsUntil = std::max(bend.holdsUntil, m_now + fault.lasts);
            break;
        case FaultKind::UnitAttention: unit.attention(node, attentions[fault.amount % std::size(attentions)]); break;
        case FaultKind::ForeignReservation:
            count(bend.stranger);
            if (begins) unit.strangerReserves();
            if (bend.stranger == 0) unit.strangerLeaves();
            keysMayHaveChanged(lun);
            break;
        default: break;
        }
        m_truth.units[lun].bent = bend.any();
    }
}

void World::strikeHost(const Fault& fault, bool begins) {
    const auto node = static_cast<std::uint8_t>(model::indexOf(fault.node));
    Host& host = *m_hosts[node];
    switch (fault.kind) {
    case FaultKind::PowerOff: begins ? host.powerOff() : host.powerOn(); break;
    case FaultKind::Freeze:
        if (begins) host.standStill(m_now + fault.lasts);
        break;
    case FaultKind::SlowScheduling:
        host.beSlow(begins && host.powered() ? std::chrono::milliseconds(fault.amount) : Duration(0));
        break;
    case FaultKind::WallClockJump: break; // nothing in the decision knows a wall clock
    case FaultKind::ServiceCrash:
        if (begins)
            host.service().crash();
        else if (!host.shutDown)
            plan(Duration(0), {.life = host.boots(), .node = node, .what = Happens::ServiceStarts});
        break;
    case FaultKind::HeartCrash:
        if (begins) host.crashHeart(fault.lasts);
        break;
    case FaultKind::LunCrash:
        for (std::uint16_t lun = 0; lun < m_units.size(); ++lun)
            if (fault.target == allTargets || fault.target == lun) host.crashLun(lun);
        break;
    case FaultKind::Order: giveOrder(fault); break;
    case FaultKind::Shutdown:
        if (begins) {
            host.service().shutDown();
        } else if (host.powered()) {
            host.shutDown = false;
            plan(Duration(0), {.life = host.boots(), .node = node, .what = Happens::ServiceStarts});
        }
        break;
    case FaultKind::GatewayLost:
        host.gateway = !begins;
        if (!configuration().gateways.empty())
            plan(10ms, {.life = host.service().life(), .node = node, .what = Happens::GatewayTold});
        hostChanged(node);
        break;
    default: break;
    }
}

void World::strikeResource(const Fault& fault, bool begins) {
    const auto node = static_cast<std::uint8_t>(model::indexOf(fault.node));
    Resources& resources = m_hosts[node]->resources();
    const auto target = static_cast<std::uint16_t>(fault.target);
    if (target / 16u >= resources.groups().size() || target % 16u >= resources.groups()[target / 16u].size()) return;
    const ResourceManner manner = begins ? static_cast<ResourceManner>(fault.amount % 5) : ResourceManner::Well;
    switch (fault.kind) {
    case FaultKind::ResourceStart: resources.setManner(target, model::ResourceVerb::Start, manner); break;
    case FaultKind::ResourceStop: resources.setManner(target, model::ResourceVerb::Stop, manner); break;
    case FaultKind::ResourceKill: resources.setManner(target, model::ResourceVerb::Kill, manner); break;
    case FaultKind::ResourceProbe: resources.setManner(target, model::ResourceVerb::Probe, manner); break;
    case FaultKind::ResourceDies:
        if (m_hosts[node]->powered()) resources.die(target, fault.amount == 1);
        break;
    default: break;
    }
}

void World::giveOrder(const Fault& fault) {
    const auto node = static_cast<std::uint8_t>(model::indexOf(fault.node));
    Host& host = *m_hosts[node];
    if (!host.service().runs()) return; // nobody to give it to
    ++m_counts.orders;
    // Whoever has a claim removed has looked who holds it.
    const engine::GroupRecord& group = host.service().engine()->state().groups[fault.target];
    const model::ReservationKey holder =
        group.luns.empty() ? model::ReservationKey() : group.luns.front().snapshot.holder.value_or(model::ReservationKey());
    const std::uint64_t number =
        host.service().order(model::orderKinds[fault.amount % orderAboutPeer % model::orderKinds.size()], fault.target,
                             fault.amount >= orderAboutPeer, holder);
    see({.kind = SightKind::OrderGiven, .node = node, .number = number});
}

} // namespace dyad::simulator
