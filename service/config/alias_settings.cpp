// SPDX-License-Identifier: Apache-2.0
// type = "alias": a host name, what it stands for and by which ways it is made known.
#include "config/addresses.h"
#include "config/sections.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace dyad::config {

namespace {

constexpr std::size_t maxAliasAddresses = 16;
constexpr std::size_t maxDnsServers = 8;
constexpr std::size_t maxNetbiosName = 15;
constexpr const char* aliasWays[] = {"dns", "mdns", "hosts", "netbios"};
constexpr std::size_t maxHostName = 253;
constexpr std::size_t maxHostLabel = 63;
constexpr Duration shortestRefresh = 1s;
constexpr std::string_view local = ".local";

bool isInside(const std::string& name, const std::string& zone) { return name == zone || name.ends_with("." + zone); }

std::vector<model::DnsServer> readDnsServers(TableReader& reader, Draft& draft) {
    std::vector<model::DnsServer> servers;
    const auto words = reader.words("servers");
    const char* example = "servers = [\"10.77.0.53\"]";
    if (!words) {
        if (!reader.has("servers")) reader.missing("servers", example);
        return servers;
    }
    if (words->empty() || words->size() > maxDnsServers)
        reader.wrong("servers", "has not 1 to " + std::to_string(maxDnsServers) + " entries",
                     std::string("write ") + example);
    for (const Word& word : *words) {
        const std::optional<Endpoint> endpoint = parseEndpoint(word.text, 53);
        if (!endpoint || endpoint->address.isUnspecified() || endpoint->address.isMulticast()) {
            draft.problems.error(word.at, "servers", word.text,
                                 reader.subject() + ": server " + inQuotes(word.text) + " is not the address of a host",
                                 "write a numeric address: \"10.77.0.53\", \"10.77.0.53:5353\" or \"[fd00::53]\"");
            continue;
        }
        model::DnsServer server{endpoint->address.text, endpoint->port};
        if (std::find(servers.begin(), servers.end(), server) == servers.end()) servers.push_back(std::move(server));
    }
    return servers;
}

std::optional<model::AliasDns> readDns(TableReader& outer, Draft& draft, const std::string& host) {
    const toml::table* table = outer.table("dns");
    if (!table) return {};
    TableReader reader(*table, outer.subject() + ", dns", draft.problems);
    model::AliasDns dns;
    dns.servers = readDnsServers(reader, draft);
    const std::size_t dot = host.find('.');
    if (const auto zone = reader.text("zone")) {
        dns.zone = hostName(*zone);
        if (dns.zone.empty())
            reader.wrong("zone", "is not the name of a zone", "write it as the DNS server has it: \"example.com\"");
        else if (!host.empty() && !isInside(host, dns.zone))
            reader.wrong("zone", "does not hold the host " + inQuotes(host),
                         "write a host inside the zone, or the zone that the host is in");
    } else if (dot != std::string::npos) {
        dns.zone = host.substr(dot + 1);
    } else if (!host.empty() && !reader.has("zone")) {
        reader.missing("zone",
                       "zone = \"example.com\", and the zone to the host: the host " + inQuotes(host) + " says none");
    }
    if (const auto file = reader.requiredText("key_file", "key_file = \"/etc/dyad/tsig.key\", made by `tsig-keygen`");
        file && checkPath(reader, "key_file", *file))
        dns.keyFile = *file;
    dns.ttl = std::chrono::round<std::chrono::seconds>(reader.seconds("ttl_s", 0s, 7 * 24h, dns.ttl));
    reader.finish();
    return dns;
}

// netbios = true: the first label of the host, or netbios = "NAME". 15 letters, the sixteenth says what it is. False:
// reported.
bool readNetbios(TableReader& reader, model::AliasSettings& settings) {
    std::string name;
    if (reader.isText("netbios"))
        name = reader.text("netbios").value_or("");
    else if (reader.truth("netbios", false))
        name = settings.host.substr(0, settings.host.find('.'));
    else
        return true;
    if (name.empty()) return false; // of a host that was reported already
    const bool sound = name.size() <= maxNetbiosName && std::all_of(name.begin(), name.end(), [](unsigned char each) {
                           return std::isalnum(each) != 0 || each == '-' || each == '_';
                       });
    if (!sound)
        reader.wrong("netbios", "gives no NetBIOS name",
                     "write a name of at most 15 letters, digits, '-' and '_': netbios = \"ERP\"");
    else
        std::transform(name.begin(), name.end(), std::back_inserter(settings.netbiosName),
                       [](unsigned char each) { return static_cast<char>(std::toupper(each)); });
    return sound;
}

std::string subjectOf(const model::GroupSetup& group, const model::ResourceSetup& resource) {
    return "resource " + inQuotes(resource.name) + " of group " + inQuotes(group.name);
}

// A number, or the name of an address of the group.
void resolveAddress(const model::GroupSetup& group, const std::string& subject, const Word& word, Draft& draft,
                    std::vector<std::string>& addresses) {
    const std::optional<NumericAddress> numeric = parseAddress(word.text);
    if (numeric) {
        if (numeric->isUnspecified() || numeric->isMulticast() || numeric->isBroadcast() || !numeric->zone.empty())
            draft.problems.error(word.at, "addresses", word.text,
                                 subject + ": " + inQuotes(word.text) + " is not the address of one host",
                                 "write the address that the clients are to use");
        else
            addresses.push_back(numeric->text);
        return;
    }
    std::vector<std::string> names;
    for (const model::ResourceSetup& each : group.resources) {
        const auto* address = std::get_if<model::AddressSettings>(&each.settings);
        if (!address) continue;
        if (each.name == word.text) return addresses.push_back(address->address);
        names.push_back(each.name);
    }
    draft.problems.error(word.at, "addresses", word.text,
                         subject + ": " + inQuotes(word.text) + " is no address resource of this group",
                         names.empty() ? "write a numeric address, or add a resource of type \"address\""
                                       : suggestion(word.text, names));
}

void resolveAlias(const model::GroupSetup& group, const model::ResourceSetup& resource, const ResourceDraft& places,
                  Draft& draft, model::AliasSettings& alias) {
    const std::string subject = subjectOf(group, resource);
    std::vector<std::string> addresses;
    if (places.addresses) {
        for (const Word& word : *places.addresses)
            resolveAddress(group, subject, word, draft, addresses);
    } else {
        for (const model::ResourceSetup& each : group.resources)
            if (const auto* address = std::get_if<model::AddressSettings>(&each.settings))
                addresses.push_back(address->address);
        if (addresses.empty())
            draft.problems.error(places.at, "addresses", "",
                                 subject + ": the group has no address that the name could stand for",
                                 "add a resource of type \"address\", or addresses = [\"10.77.0.100\"]");
    }
    std::erase(addresses, ""); // of an address that was reported already
    std::sort(addresses.begin(), addresses.end());
    addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
    const auto six = std::count_if(addresses.begin(), addresses.end(),
                                   [](const std::string& each) { return each.find(':') != std::string::npos; });
    if (addresses.size() > maxAliasAddresses)
        draft.problems.error(places.at, "addresses", std::to_string(addresses.size()),
                             subject + ": the name stands for " + std::to_string(addresses.size()) + " addresses",
                             "write at most " + std::to_string(maxAliasAddresses) + " of them in addresses");
    else if (!alias.mdnsName.empty() && (six > 1 || static_cast<std::ptrdiff_t>(addresses.size()) - six > 1))
        draft.problems.error(places.at, "addresses", "",
                             subject + ": by multicast DNS a name has one IPv4 and one IPv6 address at most",
                             "write addresses = [...] with one of each");
    else if (!alias.netbiosName.empty() && static_cast<std::ptrdiff_t>(addresses.size()) == six && six > 0)
        draft.problems.error(places.at, "netbios", alias.netbiosName,
                             subject + ": NetBIOS knows IPv4 alone, and the name stands for none of it",
                             "add an IPv4 address, or remove netbios");
    alias.addresses = std::move(addresses);
}

} // namespace

std::string hostName(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > maxHostName) return "";
    std::string name;
    std::size_t label = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto each = static_cast<unsigned char>(text[i]);
        const bool edge = label == 0 || i + 1 == text.size() || text[i + 1] == '.';
        if (each == '.' ? label == 0 : ++label > maxHostLabel || !(std::isalnum(each) != 0 || (each == '-' && !edge)))
            return "";
        if (each == '.') label = 0;
        name += static_cast<char>(std::tolower(each));
    }
    return label == 0 ? "" : name;
}

void readAlias(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    model::AliasSettings settings;
    if (const auto host = reader.requiredText("host", "host = \"erp.example.com\"")) {
        places.subjectAt = reader.place("host");
        settings.host = hostName(*host);
        if (settings.host.empty() || parseAddress(settings.host))
            reader.wrong("host", "is not the name of a host",
                         "use letters, digits and '-' between dots: \"erp.example.com\"");
    }
    places.addresses = reader.words("addresses");
    if (places.addresses && places.addresses->empty())
        reader.wrong("addresses", "is empty",
                     "name addresses of the group, or remove it: all of the group are meant then");
    settings.dns = readDns(reader, draft, settings.host);
    if (reader.truth("mdns", false))
        settings.mdnsName = settings.host.ends_with(local)
                                ? settings.host
                                : settings.host.substr(0, settings.host.find('.')) + std::string(local);
    settings.hosts = reader.truth("hosts", false);
    const bool sound = readNetbios(reader, settings);
    const bool none =
        !reader.has("dns") && settings.mdnsName.empty() && !settings.hosts && settings.netbiosName.empty();
    const auto written =
        std::find_if(std::begin(aliasWays), std::end(aliasWays), [&](const char* key) { return reader.has(key); });
    if (none && written == std::end(aliasWays))
        reader.missing("dns", "at least one of dns = { servers = [\"10.77.0.53\"], key_file = \"...\" }, mdns = true, "
                              "hosts = true and netbios = true");
    else if (none && sound)
        reader.wrong(*written, "leaves no way to make the name known",
                     "write dns = { ... }, mdns = true, hosts = true or netbios = true");
    settings.required = reader.truth("required", settings.required);
    settings.refresh = reader.seconds("refresh_s", 0s, 24h, settings.refresh);
    if (settings.refresh > 0s && settings.refresh < shortestRefresh)
        reader.wrong("refresh_s", "is too often", "write at least 1, or 0 for never");
    resource.settings = std::move(settings);
}

void resolveAliases(Draft& draft) {
    std::map<std::string, std::string> owners;
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        model::GroupSetup& group = draft.configuration.groups[g];
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            auto* alias = std::get_if<model::AliasSettings>(&group.resources[r].settings);
            if (!alias) continue;
            const ResourceDraft& places = draft.groups[g].resources[r];
            resolveAlias(group, group.resources[r], places, draft, *alias);
            if (alias->host.empty()) continue;
            const std::string subject = subjectOf(group, group.resources[r]);
            const auto [owner, isNew] = owners.emplace(alias->host, subject);
            if (!isNew)
                draft.problems.error(places.subjectAt, "host", alias->host,
                                     subject + ": the host " + inQuotes(alias->host) + " already belongs to " +
                                         owner->second,
                                     "give each alias a name of its own, with all its addresses and ways in one");
        }
    }
}

} // namespace dyad::config
