// SPDX-License-Identifier: Apache-2.0
// PERSISTENT RESERVE IN and OUT (SPC-4 5.12, 6.15, 6.16) of the modelled array.
#include "world/array.h"

#include "base/byte_order.h"

#include <algorithm>

namespace dyad::simulator {

using model::ReservationKey;
using storage::ReserveOut;
using storage::ScsiCommand;
using storage::ScsiReply;
using storage::ScsiStatus;
using storage::Sense;

namespace {

void conflict(ScsiReply& reply) { reply.status = ScsiStatus::ReservationConflict; }

void check(ScsiReply& reply, Sense sense) {
    reply.status = ScsiStatus::CheckCondition;
    reply.sense = sense;
}

} // namespace

void LogicalUnit::carryOut(const NexusName& nexus, const ScsiCommand& command, ScsiReply& reply) {
    if (busy) {
        reply.status = ScsiStatus::Busy;
        return;
    }
    auto& attentions = m_attentions[nexus.node];
    if (!attentions.empty()) {
        check(reply, attentions.front());
        attentions.erase(attentions.begin());
        return;
    }
    const bool reserve = command.cdb[0] == 0x5f;
    if (reserve && refuses) return check(reply, {5, 0x24, 0});
    switch (command.cdb[0]) {
    case 0x00: return;
    case 0x5e: return reserveIn(command, reply);
    case 0x5f: return reserveOut(nameOf(nexus), command, reply);
    default: return check(reply, {5, 0x20, 0});
    }
}

void LogicalUnit::reserveIn(const ScsiCommand& command, ScsiReply& reply) const {
    std::vector<std::uint8_t>& data = reply.data;
    if (command.cdb[1] == 2) { // REPORT CAPABILITIES: Write Exclusive among the types
        data = {0, 8, 0, 0x80, 0x02, 0, 0, 0};
        return;
    }
    const bool keys = command.cdb[1] == 0;
    const std::size_t more = keys ? 8 * m_registrations.size() : m_holder ? 16 : 0;
    data.assign(8 + more, 0);
    const std::span<std::uint8_t> bytes(data);
    storeBig(bytes, m_generation);
    storeBig(bytes.subspan(4), static_cast<std::uint32_t>(more));
    if (keys) {
        for (std::size_t i = 0; i < m_registrations.size(); ++i)
            storeBig(bytes.subspan(8 + 8 * i), m_registrations[i].key.value);
    } else if (const std::optional<Registration> held = holder()) {
        storeBig(bytes.subspan(8), held->key.value);
        data[21] = 0x01; // scope 0, type 1
    }
    if (data.size() > command.dataInLength) data.resize(command.dataInLength);
}

void LogicalUnit::reserveOut(const NexusName& name, const ScsiCommand& command, ScsiReply& reply) {
    const auto action = static_cast<ReserveOut>(command.cdb[1]);
    const ReservationKey key{loadBig<std::uint64_t>(command.dataOut)};
    const ReservationKey other{loadBig<std::uint64_t>(std::span(command.dataOut).subspan(8))};
    Registration* const mine = find(name);
    if (action == ReserveOut::Register) { // SPC-4 5.12.7
        if (mine ? mine->key != key : key.value != 0) return conflict(reply);
        if (other.value == 0) {
            if (m_holder == name) m_holder.reset();
            std::erase_if(m_registrations, [&](const Registration& each) { return each.nexus == name; });
        } else if (mine) {
            mine->key = other;
        } else {
            m_registrations.push_back({name, other});
        }
        return changed();
    }
    if (!mine || mine->key != key) return conflict(reply);
    switch (action) {
    case ReserveOut::Reserve:
        if (m_holder && *m_holder != name) return conflict(reply);
        m_holder = name;
        ++m_changes;
        return;
    case ReserveOut::Release:
        if (m_holder == name) m_holder.reset();
        ++m_changes;
        return;
    case ReserveOut::Clear:
        for (std::uint8_t node = 0; node < 2; ++node)
            if (const Registration* of = find(nameOf({node, m_logins[node]})); of && of->nexus != name)
                m_attentions[node].push_back({6, 0x2a, 0x03});
        m_registrations.clear();
        m_holder.reset();
        return changed();
    case ReserveOut::PreemptAndAbort:
        if (!m_manners.preemptAndAbort) return check(reply, {5, 0x24, 0});
        return preempt(name, other, true, reply);
    case ReserveOut::Preempt: return preempt(name, other, false, reply);
    case ReserveOut::Register: break;
    }
    check(reply, {5, 0x24, 0});
}

void LogicalUnit::preempt(const NexusName& name, ReservationKey victim, bool abort, ScsiReply& reply) {
    // SPC-4 5.12.11.2.3, table 67
    const std::optional<Registration> held = holder();
    const bool holds = held && held->key == victim;
    bool any = false;
    for (std::size_t i = 0; i < m_registrations.size();) {
        const Registration each = m_registrations[i];
        if (each.key != victim || each.nexus == name) {
            ++i;
            continue;
        }
        any = true;
        m_registrations.erase(m_registrations.begin() + static_cast<std::ptrdiff_t>(i));
        if (each.nexus.node < 2 && each.nexus == nameOf({each.nexus.node, m_logins[each.nexus.node]}))
            m_attentions[each.nexus.node].push_back({6, 0x2a, 0x05});
        if (abort) abortOf(each.nexus);
    }
    if (!any && !holds) return conflict(reply);
    if (holds) m_holder = name;
    changed();
}

} // namespace dyad::simulator
