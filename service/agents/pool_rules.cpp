// SPDX-License-Identifier: Apache-2.0
#include "agents/pool_rules.h"

#include "agents/pool_slots.h"
#include "base/check.h"

#include <algorithm>

namespace dyad::agents {

namespace {

using Balance = model::PoolSettings::Balance;

// A map's key, its range or one of its values, and whom it belongs to.
std::string placeOf(const model::PoolServer& server) { return server.address + " . " + std::to_string(server.port); }

std::string listOfServing(const model::PoolSettings& settings, const std::vector<bool>& serves) {
    std::string list;
    std::size_t next = 0;
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        if (!serves[i]) continue;
        const std::size_t share = settings.balance == Balance::Weighted ? settings.servers[i].weight : 1;
        const std::string range =
            share == 1 ? std::to_string(next) : std::to_string(next) + "-" + std::to_string(next + share - 1);
        list += (list.empty() ? "" : ", ") + range + " : " + placeOf(settings.servers[i]);
        next += share;
    }
    return list;
}

std::string slotList(const model::PoolSettings& settings, const std::vector<std::size_t>& slots) {
    std::string list;
    for (std::size_t slot = 0; slot < slots.size(); ++slot)
        list += (slot == 0 ? "" : ", ") + std::to_string(slot) + " : " + placeOf(settings.servers[slots[slot]]);
    return list;
}

// What gives each new connection its server; empty where nobody serves.
std::string choice(const model::PoolSettings& settings, const std::vector<bool>& serves) {
    std::size_t serving = 0;
    std::size_t total = 0;
    std::size_t only = 0;
    for (std::size_t i = 0; i < serves.size(); ++i) {
        if (!serves[i]) continue;
        ++serving;
        total += settings.balance == Balance::Weighted ? settings.servers[i].weight : 1;
        only = i;
    }
    if (serving == 0) return "";
    const bool six = poolFamily(settings) == "ip6";
    const std::string dnat = six ? "dnat ip6 to " : "dnat ip to ";
    if (serving == 1) {
        const model::PoolServer& server = settings.servers[only];
        return dnat + (six ? "[" + server.address + "]" : server.address) + ":" + std::to_string(server.port);
    }
    switch (settings.balance) {
    case Balance::Source:
        return dnat + "jhash " + (six ? "ip6" : "ip") + " saddr mod " + std::to_string(sourceSlots) +
               " seed 0x64796164 map { " + slotList(settings, assignSlots(settings.servers, serves).value()) + " }";
    case Balance::Weighted:
        return dnat + "numgen random mod " + std::to_string(total) + " map { " + listOfServing(settings, serves) + " }";
    case Balance::RoundRobin: break;
    }
    return dnat + "numgen inc mod " + std::to_string(total) + " map { " + listOfServing(settings, serves) + " }";
}

} // namespace

std::vector<bool> servingIn(const std::string& listing, const model::PoolSettings& settings) {
    const std::size_t begin = listing.find("chain choose {");
    const std::size_t end = begin == std::string::npos ? begin : listing.find("\n\t}", begin);
    const std::string chosen = end == std::string::npos ? "" : listing.substr(begin, end - begin);
    // Not 10.77.0.11 . 80 in 10.77.0.11 . 8080.
    const auto names = [&chosen](const std::string& place) {
        for (std::size_t at = chosen.find(place); at != std::string::npos; at = chosen.find(place, at + 1)) {
            const char next = chosen[std::min(at + place.size(), chosen.size() - 1)];
            if (at + place.size() == chosen.size() || next < '0' || next > '9') return true;
        }
        return false;
    };
    const bool six = poolFamily(settings) == "ip6";
    std::vector<bool> serving;
    for (const model::PoolServer& each : settings.servers) {
        const std::string port = std::to_string(each.port);
        serving.push_back(names(" : " + placeOf(each)) ||
                          names(" to " + (six ? "[" + each.address + "]" : each.address) + ":" + port));
    }
    return serving;
}

std::string poolTable(const std::string& group, const std::string& pool) { return "dyad_" + group + "_" + pool; }

std::string poolFamily(const model::PoolSettings& settings) {
    return settings.address.find(':') == std::string::npos ? "ip" : "ip6";
}

std::string poolRules(const model::PoolSettings& settings, const std::string& table,
                      const std::vector<ServerDuty>& duties) {
    DYAD_CHECK(duties.size() == settings.servers.size(), "a pool has another number of servers than of duties");
    const std::string family = poolFamily(settings);
    const std::string port = std::to_string(settings.port);
    const std::string arriving = family + " daddr " + settings.address + " tcp dport " + port;
    // A connection that came through this pool, whatever its packets look like by now.
    const std::string translated = "meta l4proto tcp ct status dnat ct original " + family + " daddr " +
                                   settings.address + " ct original proto-dst " + port;
    std::vector<bool> serves;
    std::string out;
    for (std::size_t i = 0; i < duties.size(); ++i) {
        serves.push_back(duties[i] == ServerDuty::Serves);
        if (duties[i] == ServerDuty::Out) out += (out.empty() ? "" : ", ") + placeOf(settings.servers[i]);
    }

    std::string text = "table " + family + " " + table + "\n";
    text += "delete table " + family + " " + table + "\n";
    text += "table " + family + " " + table + " {\n";
    const std::string chosen = choice(settings, serves);
    text += "\tchain choose {\n" + (chosen.empty() ? "" : "\t\tmeta l4proto tcp " + chosen + "\n") + "\t}\n";
    // Also where nobody serves: without a chain of type nat the connections of a resting server would be lost.
    text += "\tchain arriving {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\t" + arriving +
            " jump choose\n\t}\n";
    text += "\tchain own {\n\t\ttype nat hook output priority -100; policy accept;\n\t\t" + arriving +
            " jump choose\n\t}\n";
    if (settings.sourceNat)
        text += "\tchain leaving {\n\t\ttype nat hook postrouting priority srcnat; policy accept;\n\t\t" + translated +
                " masquerade\n\t}\n";
    // What still has the pool's address here was given to no server.
    text += "\tchain refused {\n\t\ttype filter hook input priority filter; policy accept;\n\t\t" + arriving +
            " reject with tcp reset\n\t}\n";
    if (!out.empty()) {
        const std::string cut =
            "\t\t" + translated + " " + family + " daddr . tcp dport { " + out + " } reject with tcp reset\n";
        text += "\tchain passing {\n\t\ttype filter hook forward priority filter; policy accept;\n" + cut + "\t}\n";
        text += "\tchain sent {\n\t\ttype filter hook output priority filter; policy accept;\n" + cut + "\t}\n";
    }
    return text + "}\n";
}

} // namespace dyad::agents
