// SPDX-License-Identifier: Apache-2.0
#include "agents/pool_slots.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

namespace dyad::agents {

namespace {

// FNV-1a, and a last stirring so that neighbouring drawers differ in every bit; between 0 and 1, both excluded.
double chance(const std::string& server, std::size_t slot) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    const auto take = [&hash](std::uint8_t byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
    for (const char each : server)
        take(static_cast<std::uint8_t>(each));
    take(0);
    take(static_cast<std::uint8_t>(slot));
    take(static_cast<std::uint8_t>(slot >> 8));
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    hash ^= hash >> 33;
    return (static_cast<double>(hash >> 12) + 0.5) / static_cast<double>(1ULL << 52);
}

// The server that the drawer has while all is well: in turn, as often as its weight says, never in clumps.
std::vector<std::size_t> homes(const std::vector<model::PoolServer>& servers) {
    std::int64_t total = 0;
    for (const model::PoolServer& each : servers)
        total += each.weight;
    std::vector<std::int64_t> credit(servers.size());
    std::vector<std::size_t> found;
    for (std::size_t slot = 0; slot < sourceSlots; ++slot) {
        for (std::size_t i = 0; i < servers.size(); ++i)
            credit[i] += servers[i].weight;
        const auto richest = std::max_element(credit.begin(), credit.end());
        *richest -= total;
        found.push_back(static_cast<std::size_t>(richest - credit.begin()));
    }
    return found;
}

// Of those that serve the one that this drawer likes best (weighted rendezvous hashing): no other drawer is asked.
std::size_t refuge(const std::vector<model::PoolServer>& servers, const std::vector<bool>& serves, std::size_t slot) {
    std::size_t best = servers.size();
    double bestScore = 0;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        if (!serves[i]) continue;
        const double score = servers[i].weight / -std::log(chance(servers[i].name, slot));
        if (best < servers.size() && score <= bestScore) continue;
        best = i;
        bestScore = score;
    }
    return best;
}

} // namespace

std::optional<std::vector<std::size_t>> assignSlots(const std::vector<model::PoolServer>& servers,
                                                    const std::vector<bool>& serves) {
    if (std::find(serves.begin(), serves.end(), true) == serves.end()) return std::nullopt;
    std::vector<std::size_t> slots = homes(servers);
    for (std::size_t slot = 0; slot < slots.size(); ++slot)
        if (!serves[slots[slot]]) slots[slot] = refuge(servers, serves, slot);
    return slots;
}

} // namespace dyad::agents
