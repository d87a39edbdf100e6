// SPDX-License-Identifier: Apache-2.0
// [[link]]: what a link has beside the addresses that the nodes give it.
#include "config/link_section.h"
#include "config/addresses.h"
#include "config/sections.h"
#include "model/serial_line.h"

#include <algorithm>

namespace dyad::config {

namespace {

constexpr std::int64_t lowestPriority = 99;
constexpr std::int64_t greatestTtl = 32;

std::string decimalMs(Duration duration) {
    return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(duration).count()) + " ms";
}

bool hasZone(const std::string& address) { return address.find('%') != std::string::npos; }

void readMulticast(TableReader& reader, model::LinkSetup& link) {
    const auto text = reader.text("multicast");
    const auto ttl = static_cast<unsigned>(reader.number("ttl", 1, greatestTtl, 1));
    if (reader.has("ttl") && !reader.has("multicast"))
        reader.wrong("ttl", "stands without multicast", "add multicast = \"239.77.1.1\" or remove it");
    if (!text) return;
    const std::optional<NumericAddress> group = parseAddress(*text);
    const bool six = link.ends[0].address.find(':') != std::string::npos;
    if (link.isSerial())
        reader.wrong("multicast", "is not for a serial line", "remove it");
    else if (!group || !group->isMulticast())
        reader.wrong("multicast", "is no multicast group", "write one of your own, such as \"239.77.1.1\"");
    else if (group->isIpv6 != six)
        reader.wrong("multicast", "is not of the family of the link's addresses",
                     six ? "write an IPv6 group such as \"ff02::d7ad\"" : "write an IPv4 group such as \"239.77.1.1\"");
    else if (!six && group->bytes[0] == 224 && group->bytes[1] == 0 && group->bytes[2] == 0)
        reader.wrong("multicast", "is reserved for the network's own protocols (RFC 5771 section 4)",
                     "write one of 239.0.0.0/8, such as \"239.77.1.1\"");
    else if (six && !(hasZone(link.ends[0].address) && hasZone(link.ends[1].address)))
        reader.wrong("multicast", "needs to know its interface, which only a link-local address says",
                     "write the link's addresses as \"fe80::1%eth1\", or do without multicast");
    else
        link.multicast = model::LinkMulticast{group->text, ttl};
}

void readRate(TableReader& reader, model::LinkSetup& link) {
    if (!reader.has("rate")) return;
    const auto rate = static_cast<unsigned>(reader.number("rate", 1, model::serialRates.back(), link.serialRate));
    if (!link.isSerial())
        return reader.wrong("rate", "is for a serial line alone", "remove it: the link has addresses");
    if (std::find(model::serialRates.begin(), model::serialRates.end(), rate) == model::serialRates.end())
        return reader.wrong("rate", "is no rate of a serial line",
                            "write 9600, 19200, 38400, 57600, 115200, 230400, 460800 or 921600, the same on both ends");
    link.serialRate = rate;
}

} // namespace

Duration heartbeatOf(model::Profile profile) {
    switch (profile) {
    case model::Profile::Fast: return 20ms;
    case model::Profile::Standard: return 100ms;
    case model::Profile::Relaxed: return 1s;
    }
    return 20ms;
}

void readLinkOptions(TableReader& root, Draft& draft) {
    std::vector<std::string> names;
    for (const model::LinkSetup& link : draft.configuration.links)
        names.push_back(link.name);
    std::vector<std::string> seen;
    for (const toml::table* table : root.tables("link", model::maxLinks)) {
        TableReader reader(*table, "link number " + std::to_string(seen.size() + 1), draft.problems);
        const std::string name = readName(reader, "private");
        const auto found = std::find(names.begin(), names.end(), name);
        if (!name.empty()) reader.setSubject("link " + inQuotes(name));
        if (!name.empty() && found == names.end()) {
            if (!names.empty()) // else the nodes' links were refused, and told
                reader.wrong("name", "is no link of the nodes", suggestion(name, names));
        } else if (!name.empty() && std::find(seen.begin(), seen.end(), name) != seen.end()) {
            reader.wrong("name", "has a [[link]] block already", "write all of one link into one block");
        }
        seen.push_back(name);
        model::LinkSetup nobody;
        model::LinkSetup& link =
            found == names.end() ? nobody : draft.configuration.links[static_cast<std::size_t>(found - names.begin())];
        link.priority = static_cast<unsigned>(reader.number("priority", 1, lowestPriority, link.priority));
        if (found == names.end()) continue; // of what kind it is can't be told
        readMulticast(reader, link);
        readRate(reader, link);
        reader.finish();
    }
}

void checkSerialLines(Draft& draft) {
    const model::Configuration& configuration = draft.configuration;
    const Duration heartbeat = heartbeatOf(configuration.profile);
    const std::size_t groups = configuration.groups.size();
    for (const model::LinkSetup& link : configuration.links) {
        if (!link.isSerial() || model::serialFits(groups, link.serialRate, heartbeat)) continue;
        std::string remedy = "choose a slower profile";
        for (const unsigned rate : model::serialRates)
            if (model::serialFits(groups, rate, heartbeat)) {
                remedy = "write rate = " + std::to_string(rate) +
                         " or more in its [[link]] block, if both ends can, or " + remedy;
                break;
            }
        draft.problems.error(
            draft.linkAt, "rate", std::to_string(link.serialRate),
            "link " + inQuotes(link.name) + ": a heartbeat of " + std::to_string(groups) + " groups takes " +
                decimalMs(model::serialTime(model::serialHeartbeatBytes(groups), link.serialRate)) + " at " +
                std::to_string(link.serialRate) + " bits a second, and one goes out every " + decimalMs(heartbeat),
            remedy);
    }
}

} // namespace dyad::config
