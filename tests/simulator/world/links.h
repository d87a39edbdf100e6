// SPDX-License-Identifier: Apache-2.0
// The private and public links between the two hosts, each direction by itself. What is sent is a datagram of the real
// codec.
//
// Opening a seal gives back what was sealed: that is proven elsewhere (tests/unit/wire), and here on a sample: a
// datagram goes through the codec's bytes when it says something new, when anything is done to it on the way, and
// otherwise one in sampleOf; the others travel as the heartbeat that they would be opened to. setEveryDatagramSealed()
// makes all of them go through the bytes; a test holds the digests of both ways together.
#pragma once

#include "wire/sealing.h"
#include "world/random.h"

#include <array>
#include <deque>
#include <vector>

namespace dyad::simulator {

class World;

struct Packet {
    wire::Heartbeat heartbeat; // what it says, where `bytes` is 0
    wire::Datagram raw;
    std::size_t bytes = 0; // of raw
};

class Links {
public:
    static constexpr std::size_t most = 4;
    static constexpr std::uint64_t sampleOf = 16;
    static constexpr std::size_t remembered = 32; // recorded by whoever listens

    struct Direction {
        unsigned cuts = 0;
        unsigned lossPercent = 0;
        Duration delay{0};
        Duration jitter{0};
        unsigned duplicatePercent = 0;
        unsigned reorderPercent = 0;
        unsigned corruptPercent = 0;

        [[nodiscard]] bool bent() const {
            return lossPercent || delay.count() || jitter.count() || duplicatePercent || reorderPercent ||
                   corruptPercent;
        }
        [[nodiscard]] bool works() const { return cuts == 0 && !bent(); }
    };

    Links(World& world, std::size_t links, std::uint64_t seed);

    void send(std::uint8_t node, std::uint8_t link, const wire::Heartbeat& heartbeat);
    // Somebody sends what they recorded.
    void replay(std::uint8_t node, std::uint8_t link, unsigned count);

    [[nodiscard]] Direction& direction(std::uint8_t from, std::size_t link) { return m_directions[from][link]; }
    [[nodiscard]] std::size_t count() const { return m_count; }
    // Nothing on any link is left to dice, and nothing is under way that is later than usual.
    [[nodiscard]] bool steady() const;
    [[nodiscard]] Packet& packet(std::uint32_t at) { return m_packets[at]; }
    void letGo(std::uint32_t packet) { m_free.push_back(packet); }

    [[nodiscard]] const wire::ClusterKey& key() const { return m_key; }
    void recordFrom(bool recording) { m_recording = recording; }

private:
    [[nodiscard]] std::uint32_t make();
    void deliver(std::uint8_t node, std::uint8_t link, std::uint32_t packet, Duration after);
    void seal(std::uint8_t node, Packet& packet);

    World& m_world;
    std::size_t m_count;
    std::array<std::array<Direction, most>, 2> m_directions{};
    std::vector<Stream> m_dice;   // by direction: node * most + link
    std::deque<Packet> m_packets; // they don't move
    std::vector<std::uint32_t> m_free;
    wire::ClusterKey m_key;
    std::array<wire::PlainStatus, 2> m_lastStatus{};
    bool m_recording = false;
    Duration m_lastArrival{0}; // heart time
    std::array<std::deque<wire::Heartbeat>, 2> m_recorded;
};

void setEveryDatagramSealed(bool every);

} // namespace dyad::simulator
