// SPDX-License-Identifier: Apache-2.0
#include "world/array.h"

#include "base/byte_order.h"

#include <algorithm>

namespace dyad::simulator {

using storage::DataTransfer;
using storage::ScsiReply;
using storage::ScsiStatus;
using storage::Sense;

namespace {

constexpr std::size_t slotAt = 0;
constexpr std::size_t tokenAt = 8;

} // namespace

void writeRecord(const Record& record, std::vector<std::uint8_t>& bytes) {
    bytes.assign(recordBytes, 0);
    storeLittle<std::uint32_t>(std::span(bytes).subspan(slotAt), record.slot);
    storeLittle<std::uint64_t>(std::span(bytes).subspan(tokenAt), record.token);
}

Record readRecord(const std::vector<std::uint8_t>& bytes) {
    return {loadLittle<std::uint32_t>(std::span(bytes).subspan(slotAt)),
            loadLittle<std::uint64_t>(std::span(bytes).subspan(tokenAt))};
}

std::optional<LogicalUnit::Registration> LogicalUnit::holder() const {
    if (!m_holder) return std::nullopt;
    for (const Registration& each : m_registrations)
        if (each.nexus == *m_holder) return each;
    return std::nullopt;
}

bool LogicalUnit::takesWritesOf(std::uint8_t node) const {
    return !m_holder || *m_holder == nameOf({node, m_logins[node]});
}

LogicalUnit::Registration* LogicalUnit::find(const NexusName& name) {
    for (Registration& each : m_registrations)
        if (each.nexus == name) return &each;
    return nullptr;
}

void LogicalUnit::loggedIn(std::uint8_t node, std::uint32_t login) {
    m_logins[node] = m_live[node] = login;
    m_attentions[node].clear();
}

void LogicalUnit::attention(std::uint8_t node, Sense sense) { m_attentions[node].push_back(sense); }

void LogicalUnit::place(const Record& record) {
    if (m_medium.size() <= record.slot) m_medium.resize(record.slot + std::size_t{16}, 0);
    m_cache.push_back({record.slot, m_medium[record.slot]});
    m_medium[record.slot] = record.token;
}

std::optional<LogicalUnit::Flying> LogicalUnit::land(std::uint32_t command) {
    for (std::size_t i = 0; i < m_flying.size(); ++i) {
        if (m_flying[i].command != command) continue;
        const Flying write = m_flying[i];
        m_flying.erase(m_flying.begin() + static_cast<std::ptrdiff_t>(i));
        place(write.record);
        return write;
    }
    return std::nullopt;
}

// A write that is aborted may have reached the medium in part. It may: what was there before stays in the other case.
void LogicalUnit::tear(const Flying& write) {
    if (!m_dice.chance(50)) return;
    const bool empty = m_medium.size() <= write.record.slot || m_medium[write.record.slot] == 0;
    if (empty) place({write.record.slot, tornToken});
}

void LogicalUnit::abortOf(const NexusName& name) {
    std::erase_if(m_flying, [&](const Flying& write) {
        if (nameOf(write.nexus) != name) return false;
        tear(write);
        return true;
    });
}

void LogicalUnit::reset(ScsiReply& reply) {
    if (!m_manners.lunReset) {
        reply.status = ScsiStatus::CheckCondition;
        reply.sense = {5, 0x20, 0};
        return;
    }
    std::vector<Flying> flying;
    flying.swap(m_flying);
    for (const Flying& write : flying) {
        if (m_manners.resetLandsWrites) {
            place(write.record);
            if (onLanded) onLanded(write);
        } else {
            tear(write);
        }
    }
    for (auto& list : m_attentions)
        list.push_back({6, 0x29, 0});
}

bool LogicalUnit::accept(const NexusName& nexus, const DataTransfer& transfer, std::uint32_t command,
                         std::uint32_t boot, ScsiReply& reply) {
    if (busy) {
        reply.status = ScsiStatus::Busy;
        return true;
    }
    auto& attentions = m_attentions[nexus.node];
    if (!attentions.empty()) {
        reply.status = ScsiStatus::CheckCondition;
        reply.sense = attentions.front();
        attentions.erase(attentions.begin());
        return true;
    }
    switch (transfer.kind) {
    case DataTransfer::Kind::Read: return true;
    case DataTransfer::Kind::Flush: m_cache.clear(); return true;
    case DataTransfer::Kind::Write: break;
    }
    // Write Exclusive: everyone may read, only the holder may write (SPC-4 table 50).
    if (m_holder && *m_holder != nameOf(nexus)) {
        reply.status = ScsiStatus::ReservationConflict;
        return true;
    }
    m_flying.push_back({nexus, readRecord(transfer.bytes), command, boot});
    return false;
}

void LogicalUnit::restart(bool keepKeys) {
    for (const Flying& write : m_flying)
        tear(write);
    m_flying.clear();
    // What was not flushed may be gone, in any combination; but an array that keeps its keys keeps its cache, too.
    const bool forgets = !keepKeys && !m_manners.keepsKeys;
    for (auto each = m_cache.rbegin(); each != m_cache.rend(); ++each)
        if (m_dice.chance(50) && forgets) m_medium[each->slot] = each->before;
    m_cache.clear();
    if (forgets) {
        m_registrations.clear();
        m_holder.reset();
    }
    m_live[0] = m_live[1] = 0;
    changed();
    for (auto& list : m_attentions)
        list.clear();
}

void LogicalUnit::strangerReserves() {
    if (m_holder) return;
    const NexusName stranger{strangerNode, 1};
    m_registrations.push_back({stranger, {0x7777000000000001ULL}});
    m_holder = stranger;
    changed();
}

void LogicalUnit::strangerLeaves() {
    const NexusName stranger{strangerNode, 1};
    if (m_holder == stranger) m_holder.reset();
    if (std::erase_if(m_registrations, [&](const Registration& each) { return each.nexus == stranger; }) > 0) changed();
}

} // namespace dyad::simulator
