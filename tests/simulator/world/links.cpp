// SPDX-License-Identifier: Apache-2.0
#include "world/links.h"

#include "world/world.h"

#include <algorithm>

namespace dyad::simulator {

namespace {

bool everyDatagramSealed = false;
constexpr wire::Salt salts[2]{{1, 2, 3, 4, 5, 6}, {6, 5, 4, 3, 2, 1}};

} // namespace

void setEveryDatagramSealed(bool every) { everyDatagramSealed = every; }

Links::Links(World& world, std::size_t links, std::uint64_t seed) : m_world(world), m_count(links) {
    [[maybe_unused]] static const bool quick = wire::prepareSealing(); // the processor's own ways; none is no harm here
    for (std::size_t node = 0; node < 2; ++node)
        for (std::size_t link = 0; link < most; ++link)
            m_dice.emplace_back(seed, 0x1000 + node * most + link);
    for (std::size_t i = 0; i < m_key.bytes.size(); ++i)
        m_key.bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
}

bool Links::steady() const {
    const Options& options = m_world.options();
    if (m_lastArrival > m_world.heartNow() + std::chrono::microseconds(options.linkDelayUs + options.linkJitterUs))
        return false;
    for (const auto& node : m_directions)
        for (std::size_t link = 0; link < m_count; ++link)
            if (node[link].bent()) return false;
    return true;
}

std::uint32_t Links::make() {
    if (m_free.empty()) {
        m_packets.emplace_back();
        return static_cast<std::uint32_t>(m_packets.size() - 1);
    }
    const std::uint32_t at = m_free.back();
    m_free.pop_back();
    return at;
}

void Links::seal(std::uint8_t node, Packet& packet) {
    packet.bytes = wire::seal(packet.heartbeat, m_key, salts[node], packet.raw);
}

void Links::deliver(std::uint8_t node, std::uint8_t link, std::uint32_t packet, Duration after) {
    m_lastArrival = std::max(m_lastArrival, m_world.heartNow() + after);
    m_world.planHeart(
        after,
        {.item = packet, .target = link, .node = static_cast<std::uint8_t>(1 - node), .what = Happens::Datagram});
}

void Links::send(std::uint8_t node, std::uint8_t link, const wire::Heartbeat& heartbeat) {
    ++m_world.counts().heartbeats;
    if (m_recording) {
        auto& recorded = m_recorded[node];
        if (recorded.size() == remembered) recorded.pop_front();
        recorded.push_back(heartbeat);
    }
    const Direction& way = m_directions[node][link];
    Stream& dice = m_dice[node * most + link];
    const Options& options = m_world.options();
    Duration after = std::chrono::microseconds(options.linkDelayUs) + way.delay;
    after += dice.upTo(std::chrono::microseconds(options.linkJitterUs));
    after += dice.upTo(way.jitter);
    if (way.cuts > 0 || !m_world.host(static_cast<std::uint8_t>(1 - node)).powered()) return;
    if (way.lossPercent && dice.chance(way.lossPercent)) return;
    if (way.reorderPercent && dice.chance(way.reorderPercent)) after += dice.upTo(3 * m_world.timeouts().heartbeat);

    const std::uint32_t at = make();
    Packet& packet = m_packets[at];
    packet.heartbeat = heartbeat;
    packet.bytes = 0;
    const bool news = heartbeat.status != m_lastStatus[node];
    const bool corrupt = way.corruptPercent && dice.chance(way.corruptPercent);
    if (news || corrupt || everyDatagramSealed || heartbeat.sequence % sampleOf == 0) seal(node, packet);
    if (news) m_lastStatus[node] = heartbeat.status;
    if (corrupt) {
        if (dice.chance(30))
            packet.bytes = dice.draw(0, static_cast<unsigned>(packet.bytes - 1));
        else
            packet.raw[dice.draw(0, static_cast<unsigned>(packet.bytes - 1))] ^=
                static_cast<std::uint8_t>(dice.draw(1, 255));
        if (packet.bytes == 0) packet.raw[0] = 0, packet.bytes = 1;
    }
    deliver(node, link, at, after);
    if (way.duplicatePercent && dice.chance(way.duplicatePercent)) {
        const std::uint32_t again = make();
        m_packets[again] = m_packets[at];
        deliver(node, link, again, after + dice.upTo(m_world.timeouts().heartbeat));
    }
}

void Links::replay(std::uint8_t node, std::uint8_t link, unsigned count) {
    const auto& recorded = m_recorded[node];
    Stream& dice = m_dice[node * most + link];
    for (unsigned i = 0; i < count && !recorded.empty(); ++i) {
        const std::uint32_t at = make();
        Packet& packet = m_packets[at];
        packet.heartbeat = recorded[dice.draw(0, static_cast<unsigned>(recorded.size() - 1))];
        seal(node, packet);
        deliver(node, link, at, dice.upTo(5ms));
    }
}

} // namespace dyad::simulator
