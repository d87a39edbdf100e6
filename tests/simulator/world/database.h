// SPDX-License-Identifier: Apache-2.0
// The database of one group on one host: one client writes one record after the other; a record is acknowledged when
// its write and the flush after it were answered. The records go to the LUNs of the group by turns.
#pragma once

#include <cstdint>

namespace dyad::simulator {

class World;

class Database {
public:
    Database(World& world, std::uint8_t node, std::uint32_t group) : m_world(&world), m_node(node), m_group(group) {}

    // The recovery has read what is on the medium; from now on it writes.
    void open();
    void close();
    void write(std::uint32_t life);
    // dyad-lun has gone: what was on its way through it has failed.
    void lunWent() { m_inFlight = 0; }

private:
    void written(std::uint32_t life, std::uint32_t flight, int error);
    void flushed(std::uint32_t life, int error);
    void writeLater(std::int64_t afterUs);

    World* m_world;
    std::uint8_t m_node;
    std::uint32_t m_group;
    std::uint32_t m_life = 0;
    bool m_open = false;
    std::uint32_t m_inFlight = 0; // the write that the kernel has not had an answer to, whoever asked for it
    std::uint32_t m_flights = 0;
    std::uint32_t m_record = 0; // the next: its slot is record / LUNs of LUN record % LUNs
    std::uint64_t m_token = 0;
};

} // namespace dyad::simulator
