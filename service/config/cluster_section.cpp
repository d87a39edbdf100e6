// SPDX-License-Identifier: Apache-2.0
// [cluster], [[node]], [network], [control]
#include "config/addresses.h"
#include "config/sections.h"
#include "model/serial_line.h"

#include <algorithm>

namespace dyad::config {

namespace {

constexpr std::string_view addressRemedy = "write a numeric address: \"10.77.1.1\", \"fd00::1\" or \"fe80::1%eth1\"";

// An address that a host can have on a link, in its canonical spelling.
std::optional<NumericAddress> readHostAddress(TableReader& reader, std::string_view key) {
    const std::optional<std::string> text = reader.text(key);
    if (!text) return std::nullopt;
    const std::optional<NumericAddress> address = parseAddress(*text);
    if (!address) {
        reader.wrong(key, "is not an address", std::string(addressRemedy));
        return std::nullopt;
    }
    if (address->isUnspecified() || address->isMulticast() || address->isBroadcast()) {
        reader.wrong(key, "is not the address of one host", "write the address that this node has on the link");
        return std::nullopt;
    }
    if (address->isLinkLocalIpv6() && address->zone.empty()) {
        reader.wrong(key, "is link-local and doesn't say on which interface",
                     "write it with its interface: \"" + address->text + "%eth1\"");
        return std::nullopt;
    }
    return address;
}

struct LinkEndDraft {
    std::string name;
    Place at;
    std::optional<NumericAddress> address;
    std::string device; // of a serial line; else empty
};

// "/dev/ttyS0", "/dev/serial/by-id/usb-...": nobody's address begins with a slash.
bool isDevice(const toml::table& links, const std::string& name) {
    const auto* text = links.get_as<std::string>(name);
    return text && text->get().starts_with('/');
}

std::string readDevice(TableReader& reader, const std::string& name) {
    const std::optional<std::string> text = reader.text(name);
    if (!text) return "/dev/"; // reported
    if (!text->starts_with("/dev/"))
        reader.wrong(name, "is neither an address nor a device", "write a serial line as \"/dev/ttyS0\"");
    else if (text->find_first_of(" \t#") != std::string::npos)
        reader.wrong(name, "has a space or a # in it", "name the device by a link without them");
    else
        (void)checkPath(reader, name, *text);
    return *text;
}

std::vector<LinkEndDraft> readLinks(TableReader& node, Draft& draft) {
    std::vector<LinkEndDraft> ends;
    const toml::table* table = node.table("links");
    if (!table) {
        if (!node.has("links")) node.missing("links", "links = { private = \"10.77.1.1\", public = \"10.77.0.1\" }");
        return ends;
    }
    TableReader reader(*table, node.subject() + ", links", draft.problems);
    // TOML tables are sorted by name; the links are numbered as they are written.
    std::vector<std::pair<Place, std::string>> names;
    for (auto&& [key, value] : *table)
        names.emplace_back(placeOf(value), std::string(key.str()));
    std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
        return a.first.line != b.first.line ? a.first.line < b.first.line : a.first.column < b.first.column;
    });
    for (const auto& [at, name] : names) {
        if (!isName(name))
            draft.problems.error(at, name, name, reader.subject() + ": " + inQuotes(name) + " is not a name",
                                 "use letters, digits, '-', '_' and '.', beginning with a letter or digit");
        LinkEndDraft end{name, at, std::nullopt, ""};
        if (isDevice(*table, name)) {
            end.device = readDevice(reader, name);
            draft.ownAddress(node.subject() + " " + end.device, "link " + inQuotes(name), at, name);
        } else {
            end.address = readHostAddress(reader, name);
        }
        if (end.address)
            draft.ownAddress(end.address->text, "link " + inQuotes(name) + " of " + node.subject(), at, name);
        ends.push_back(std::move(end));
    }
    if (ends.empty()) node.wrong("links", "has no link in it", "add private = \"10.77.1.1\"");
    if (ends.size() > model::maxLinks) {
        node.wrong("links", "has more than " + std::to_string(model::maxLinks) + " links",
                   "keep the ones that fail independently");
        ends.resize(model::maxLinks);
    }
    return ends;
}

void pairLinks(const std::vector<LinkEndDraft>& first, const std::vector<LinkEndDraft>& second, TableReader& firstNode,
               TableReader& secondNode, Draft& draft) {
    const auto lacks = [&](const std::vector<LinkEndDraft>& ends, const LinkEndDraft& end, TableReader& where) {
        const bool found =
            std::any_of(ends.begin(), ends.end(), [&](const LinkEndDraft& e) { return e.name == end.name; });
        if (!found)
            draft.problems.error(where.place("links"), end.name, "",
                                 where.subject() + " has no link " + inQuotes(end.name) +
                                     ", but the other node has one",
                                 "add " + end.name + " = \"...\" to its links");
        return !found;
    };
    for (const LinkEndDraft& end : second)
        (void)lacks(first, end, firstNode);
    for (const LinkEndDraft& end : first) {
        if (lacks(second, end, secondNode)) continue;
        const auto& other =
            *std::find_if(second.begin(), second.end(), [&](const LinkEndDraft& e) { return e.name == end.name; });
        if (end.device.empty() != other.device.empty()) {
            draft.problems.error(other.at, end.name, other.device.empty() ? "" : other.device,
                                 "link " + inQuotes(end.name) + " is a serial line on one node and not on the other",
                                 "write a device for both, such as \"/dev/ttyS0\", or an address for both");
            continue;
        }
        if (!end.device.empty()) {
            model::LinkSetup line;
            line.name = end.name;
            line.ends[0].address = end.device;
            line.ends[1].address = other.device;
            line.serialRate = model::usualSerialRate;
            draft.configuration.links.push_back(std::move(line));
            continue;
        }
        if (!end.address || !other.address) continue;
        if (end.address->isIpv6 != other.address->isIpv6)
            draft.problems.error(other.at, end.name, other.address->text,
                                 "link " + inQuotes(end.name) + ": " + other.address->text + " and " +
                                     end.address->text + " are of different families",
                                 "write both as IPv4 or both as IPv6");
        model::LinkSetup link;
        link.name = end.name;
        link.ends[0].address = end.address->text;
        link.ends[1].address = other.address->text;
        draft.configuration.links.push_back(std::move(link));
    }
    const auto isLine = [](const LinkEndDraft& end) { return !end.device.empty(); };
    if (std::all_of(first.begin(), first.end(), isLine) && std::all_of(second.begin(), second.end(), isLine))
        draft.problems.error(firstNode.place("links"), "links", first.front().device,
                             "the nodes have no link but serial lines: these carry heartbeats and nothing else",
                             "add a link with addresses, such as private = \"10.77.1.1\"");
}

} // namespace

void readCluster(TableReader& root, Draft& draft) {
    const toml::table* table = root.table("cluster");
    if (!table) {
        if (!root.has("cluster")) root.missing("cluster", "[cluster] with name = \"erp-pair\"");
        return;
    }
    TableReader reader(*table, "[cluster]", draft.problems);
    model::Configuration& configuration = draft.configuration;
    configuration.clusterName = readName(reader, "erp-pair");
    configuration.profile = reader.choice<model::Profile>(
        "profile",
        {{"fast", model::Profile::Fast}, {"standard", model::Profile::Standard}, {"relaxed", model::Profile::Relaxed}},
        model::Profile::Standard);
    configuration.heartbeatPort =
        static_cast<std::uint16_t>(reader.number("heartbeat_port", 1, 65535, configuration.heartbeatPort));
    reader.finish();
}

void readNodes(TableReader& root, Draft& draft) {
    const std::vector<const toml::table*> tables = root.tables("node", 2);
    if (tables.size() < 2)
        draft.problems.error(root.place("node"), "node", std::to_string(tables.size()),
                             "a pair has two nodes; of [[node]] blocks there are " + std::to_string(tables.size()),
                             "write one [[node]] block for each of the two hosts");
    std::vector<TableReader> readers;
    std::vector<std::vector<LinkEndDraft>> links;
    for (std::size_t i = 0; i < tables.size(); ++i) {
        TableReader reader(*tables[i], "node number " + std::to_string(i + 1), draft.problems);
        std::string& name = draft.configuration.nodes[i].name;
        name = readName(reader, "alpha");
        if (!name.empty()) reader.setSubject("node " + inQuotes(name));
        if (i == 1 && !name.empty() && name == draft.configuration.nodes[0].name)
            reader.wrong("name", "is the name of the other node too", "give each node the name of its host");
        links.push_back(readLinks(reader, draft));
        reader.finish();
        readers.push_back(std::move(reader));
    }
    if (readers.size() < 2) return;
    if (links[0].empty() || links[1].empty()) return; // reported already
    draft.linkAt = readers[0].place("links");
    pairLinks(links[0], links[1], readers[0], readers[1], draft);
    if (links[0].size() == 1 && links[1].size() == 1)
        draft.problems.warning(readers[0].place("links"), "links", links[0][0].name,
                               "there is only one link, " + inQuotes(links[0][0].name) +
                                   ": when it fails, neither node can tell that from the death of the other",
                               "add a second one over another card, cable and switch");
}

void readNetwork(TableReader& root, Draft& draft) {
    const toml::table* table = root.table("network");
    if (!table) return;
    TableReader reader(*table, "[network]", draft.problems);
    if (const std::optional<std::vector<Word>> gateways = reader.words("gateways")) {
        if (gateways->size() > maxGateways)
            reader.wrong("gateways", "has more than " + std::to_string(maxGateways) + " entries",
                         "keep the nearest ones");
        for (const Word& gateway : *gateways) {
            const std::optional<NumericAddress> address = parseAddress(gateway.text);
            if (!address || address->isUnspecified() || address->isMulticast() || address->isBroadcast()) {
                draft.problems.error(gateway.at, "gateways", gateway.text,
                                     "[network]: gateway " + inQuotes(gateway.text) + " is not the address of a host",
                                     "write a numeric address: \"10.77.0.254\"");
                continue;
            }
            if (draft.ownAddress(address->text, "gateway of [network]", gateway.at, "gateways"))
                draft.configuration.gateways.push_back(address->text);
        }
    }
    reader.finish();
}

void readControl(TableReader& root, Draft& draft) {
    const toml::table* table = root.table("control");
    if (!table) return;
    TableReader reader(*table, "[control]", draft.problems);
    draft.configuration.control.port =
        static_cast<std::uint16_t>(reader.number("port", 1, 65535, draft.configuration.control.port));
    reader.finish();
}

} // namespace dyad::config
