// SPDX-License-Identifier: Apache-2.0
#include "world/database.h"

#include "world/world.h"

#include <memory>

namespace dyad::simulator {

using storage::DataTransfer;

namespace {

constexpr std::int64_t stillUnderWayUs = 20'000;

} // namespace

void Database::open() {
    ++m_life;
    m_open = true;
    // What comes after the last record that is whole: a torn one is written again.
    const auto& luns = m_world->configuration().groups[m_group].luns;
    m_record = 0;
    if (luns.empty()) return;
    for (std::size_t i = 0; i < luns.size(); ++i) {
        const auto& medium = m_world->unit(luns[i].value).medium();
        for (std::size_t slot = medium.size(); slot-- > 0;) {
            if (medium[slot] == 0 || medium[slot] == tornToken) continue;
            m_record = std::max(m_record, static_cast<std::uint32_t>(slot * luns.size() + i + 1));
            break;
        }
    }
    writeLater(1000);
}

void Database::close() {
    ++m_life;
    m_open = false;
}

void Database::writeLater(std::int64_t afterUs) {
    m_world->plan(std::chrono::microseconds(afterUs), {.life = m_life,
                                                       .target = static_cast<std::uint16_t>(m_group),
                                                       .node = m_node,
                                                       .what = Happens::DatabaseWrites});
}

void Database::write(std::uint32_t life) {
    if (life != m_life || !m_open) return;
    Host& host = m_world->host(m_node);
    if (!host.resources().mayWrite(m_group))
        return host.resources().inputOutputError(static_cast<std::uint16_t>(m_group));
    // The kernel doesn't write a page while an older write of it is under way, be it of a process that is gone.
    if (m_inFlight != 0) return writeLater(stillUnderWayUs);
    const auto& luns = m_world->configuration().groups[m_group].luns;
    const std::size_t which = m_record % luns.size();
    m_token = m_world->nextToken();
    auto transfer = std::make_shared<DataTransfer>();
    transfer->kind = DataTransfer::Kind::Write;
    const Record record{static_cast<std::uint32_t>(m_record / luns.size()), m_token};
    transfer->offset = record.slot * recordBytes;
    writeRecord(record, transfer->bytes);
    m_inFlight = ++m_flights;
    host.lun(luns[which].value)
        .submit({std::move(transfer),
                 [this, life, flight = m_inFlight](int error, DataTransfer&) { written(life, flight, error); }});
}

void Database::written(std::uint32_t life, std::uint32_t flight, int error) {
    if (m_inFlight == flight) m_inFlight = 0;
    if (life != m_life) return;
    Host& host = m_world->host(m_node);
    if (error != 0) return host.resources().inputOutputError(static_cast<std::uint16_t>(m_group));
    const auto& luns = m_world->configuration().groups[m_group].luns;
    auto transfer = std::make_shared<DataTransfer>();
    transfer->kind = DataTransfer::Kind::Flush;
    host.lun(luns[m_record % luns.size()].value)
        .submit({std::move(transfer), [this, life](int flushError, DataTransfer&) { flushed(life, flushError); }});
}

void Database::flushed(std::uint32_t life, int error) {
    if (life != m_life) return;
    if (error != 0) return m_world->host(m_node).resources().inputOutputError(static_cast<std::uint16_t>(m_group));
    const auto& luns = m_world->configuration().groups[m_group].luns;
    m_world->acknowledged(luns[m_record % luns.size()].value, static_cast<std::uint32_t>(m_record / luns.size()),
                          m_token);
    ++m_record;
    writeLater(m_world->options().writeEveryUs);
}

} // namespace dyad::simulator
