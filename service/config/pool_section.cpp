// SPDX-License-Identifier: Apache-2.0
// type = "pool": servers behind a floating address.
#include "config/addresses.h"
#include "config/sections.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace dyad::config {

namespace {

constexpr std::int64_t maxWeight = 100;

using Balance = model::PoolSettings::Balance;

// The check of a pool: one for all, without the place that it is aimed at.
struct PoolCheck {
    enum class Kind { Tcp, Http, Https, Smtp, Ftp, Script };
    Kind kind = Kind::Tcp;
    std::uint16_t port = 0; // 0: the server's own
    std::string path = "/";
    std::optional<std::uint16_t> status;
    std::string body;
    bool verify = true;
    std::vector<std::string> command;
};

std::string inMilliseconds(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// One host's numeric address with its port; nothing, and reported, where it is none.
std::optional<Endpoint> readPlace(TableReader& reader, const char* key, std::string_view example) {
    const auto text = reader.requiredText(key, std::string(key) + " = \"" + std::string(example) + "\"");
    if (!text) return {};
    const std::string written = "write it as \"" + std::string(example) + "\" or \"[fd00::100]:80\"";
    std::optional<Endpoint> place = parseEndpoint(*text, 0);
    if (!place || place->port == 0)
        reader.wrong(key, "is not a numeric address with a port", written);
    else if (place->address.isUnspecified() || place->address.isMulticast() || place->address.isBroadcast() ||
             !place->address.zone.empty())
        reader.wrong(key, "is not the address of one host that can be reached from everywhere", written);
    else
        return place;
    return {};
}

bool isLoopback(const NumericAddress& address) {
    if (!address.isIpv6) return address.bytes[0] == 127;
    return address.text == "::1";
}

// Keys that only some kinds of checks have.
void refuseKeys(TableReader& reader, std::initializer_list<const char*> keys, const char* those) {
    for (const char* key : keys)
        if (reader.has(key))
            reader.wrong(key, "says nothing with this probe", std::string("write probe = ") + those + ", or remove it");
}

void readHttpKeys(TableReader& reader, PoolCheck& check) {
    if (const auto path = reader.text("path")) {
        const bool spaced =
            std::any_of(path->begin(), path->end(), [](unsigned char each) { return std::isspace(each) != 0; });
        if (path->front() != '/' || spaced)
            reader.wrong("path", "is no path of a page", "begin it with / and write spaces as %20: \"/health\"");
        else
            check.path = *path;
    }
    if (reader.has("status")) check.status = static_cast<std::uint16_t>(reader.number("status", 100, 599, 200));
    check.body = reader.text("body").value_or("");
    check.verify = reader.choice<bool>("certificate", {{"verified", true}, {"any", false}}, true);
}

PoolCheck readCheck(TableReader& reader, Draft& draft, model::PoolSettings& settings) {
    PoolCheck check;
    const toml::table* table = reader.table("health");
    if (!table) return check;
    TableReader inner(*table, reader.subject() + ", health", draft.problems);
    using Kind = PoolCheck::Kind;
    check.kind = inner.choice<Kind>("probe",
                                    {{"tcp", Kind::Tcp},
                                     {"http", Kind::Http},
                                     {"https", Kind::Https},
                                     {"smtp", Kind::Smtp},
                                     {"ftp", Kind::Ftp},
                                     {"script", Kind::Script}},
                                    Kind::Tcp);
    check.port = static_cast<std::uint16_t>(inner.number("port", 1, 65535, 0));
    readHttpKeys(inner, check);
    check.command = readCommand(inner, "command", check.kind == Kind::Script).value_or(std::vector<std::string>{});
    if (check.kind != Kind::Http && check.kind != Kind::Https)
        refuseKeys(inner, {"path", "status", "body"}, "\"http\"");
    if (check.kind != Kind::Https) refuseKeys(inner, {"certificate"}, "\"https\"");
    if (check.kind != Kind::Script) refuseKeys(inner, {"command"}, "\"script\"");
    settings.interval = inner.milliseconds("interval_ms", 10ms, 1h, settings.interval);
    settings.timeout = inner.milliseconds("timeout_ms", 10ms, 10min, std::min(settings.timeout, settings.interval));
    settings.failures = static_cast<unsigned>(inner.number("failures", 1, 100, settings.failures));
    settings.successes = static_cast<unsigned>(inner.number("successes", 1, 100, settings.successes));
    if (settings.timeout > settings.interval)
        inner.wrong("timeout_ms",
                    "is longer than interval_ms = " + inMilliseconds(settings.interval) +
                        ": a check would still run when the next one is due",
                    "make it at most " + inMilliseconds(settings.interval) + ", or interval_ms longer");
    inner.finish();
    return check;
}

model::Probe aimedAt(const PoolCheck& check, const Endpoint& server) {
    Endpoint place = server;
    if (check.port != 0) place.port = check.port;
    using Kind = PoolCheck::Kind;
    using Protocol = model::GreetingProbe::Protocol;
    switch (check.kind) {
    case Kind::Http:
    case Kind::Https:
        return model::HttpProbe{(check.kind == Kind::Https ? "https://" : "http://") + place.text() + check.path,
                                check.status, check.body, check.verify};
    case Kind::Smtp: return model::GreetingProbe{Protocol::Smtp, place.address.text, place.port};
    case Kind::Ftp: return model::GreetingProbe{Protocol::Ftp, place.address.text, place.port};
    case Kind::Script: {
        model::ScriptProbe script{check.command};
        script.command.push_back(place.address.text);
        script.command.push_back(std::to_string(place.port));
        return script;
    }
    case Kind::Tcp: break;
    }
    return model::TcpProbe{place.address.text, place.port};
}

void readServer(const toml::table& table, std::size_t number, const std::string& pool, const PoolCheck& check,
                std::set<std::string>& names, std::set<std::string>& places, Draft& draft,
                model::PoolSettings& settings) {
    TableReader reader(table, "server number " + std::to_string(number) + " of " + pool, draft.problems);
    model::PoolServer server;
    server.name = readName(reader, "web1");
    if (!server.name.empty()) {
        reader.setSubject("server " + inQuotes(server.name) + " of " + pool);
        if (!names.insert(server.name).second)
            reader.wrong("name", "is used twice in this pool", "give every server of a pool a name of its own");
    }
    if (const auto place = readPlace(reader, "address", "10.77.0.11:8080")) {
        const bool otherFamily =
            !settings.address.empty() && place->address.isIpv6 != (settings.address.find(':') != std::string::npos);
        if (otherFamily)
            reader.wrong("address", "is of another family than listen = " + inQuotes(settings.address),
                         "IPv4 and IPv6 are not translated into each other: make a pool for each");
        else if (isLoopback(place->address))
            reader.wrong("address", "is a loopback address, to which nothing can be passed on",
                         "write an address that the server has on a network");
        else if (place->address.text == settings.address && place->port == settings.port)
            reader.wrong("address", "is where the pool itself listens", "write the server's own address or port");
        else if (!places.insert(place->text()).second)
            reader.wrong("address", "is the place of another server of this pool",
                         "write each server once; give it a higher weight instead");
        server.address = place->address.text;
        server.port = place->port;
        server.probe = aimedAt(check, *place);
    }
    server.weight = static_cast<unsigned>(reader.number("weight", 1, maxWeight, 1));
    if (reader.has("weight") && settings.balance == Balance::RoundRobin)
        reader.wrong("weight", "says nothing with balance = \"round-robin\"",
                     "write balance = \"weighted\", or remove it");
    server.maintenance = reader.truth("maintenance", false);
    reader.finish();
    settings.servers.push_back(std::move(server));
}

} // namespace

void readPool(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    model::PoolSettings settings;
    if (const auto place = readPlace(reader, "listen", "10.77.0.100:80")) {
        settings.address = place->address.text;
        settings.port = place->port;
        places.subjectAt = reader.place("listen");
    }
    settings.balance = reader.choice<Balance>(
        "balance", {{"round-robin", Balance::RoundRobin}, {"weighted", Balance::Weighted}, {"source", Balance::Source}},
        Balance::RoundRobin);
    settings.sourceNat = reader.truth("source_nat", true);
    settings.failWhenEmpty = reader.choice<bool>("all_dead", {{"keep", false}, {"fail", true}}, false);
    const PoolCheck check = readCheck(reader, draft, settings);
    std::set<std::string> names;
    std::set<std::string> servers;
    std::size_t number = 0;
    for (const toml::table* each : reader.tables("server", model::maxPoolServers))
        readServer(*each, ++number, reader.subject(), check, names, servers, draft, settings);
    if (number == 0 && !reader.has("server"))
        draft.problems.error(reader.place(), "server", "", reader.subject() + " has no servers",
                             "write a [[group.resource.server]] block for each, with name and address");
    const bool resting = std::all_of(settings.servers.begin(), settings.servers.end(),
                                     [](const model::PoolServer& each) { return each.maintenance; });
    if (number > 0 && resting)
        draft.problems.warning(reader.place(), "maintenance", "true",
                               reader.subject() + ": every server is in maintenance: clients are refused",
                               "take one of them out of maintenance");
    resource.settings = std::move(settings);
}

void checkPools(Draft& draft) {
    std::map<std::string, std::string> listeners; // by place
    std::map<std::string, std::string> tables;    // by what both names make together: the name of its rules
    for (std::size_t g = 0; g < draft.configuration.groups.size(); ++g) {
        const model::GroupSetup& group = draft.configuration.groups[g];
        std::vector<std::string> addresses;
        for (const model::ResourceSetup& each : group.resources)
            if (const auto* address = std::get_if<model::AddressSettings>(&each.settings))
                addresses.push_back(address->address);
        for (std::size_t r = 0; r < group.resources.size(); ++r) {
            const model::ResourceSetup& resource = group.resources[r];
            const auto* pool = std::get_if<model::PoolSettings>(&resource.settings);
            if (!pool || pool->address.empty()) continue;
            const std::string subject = "resource " + inQuotes(resource.name) + " of group " + inQuotes(group.name);
            const Place at = draft.groups[g].resources[r].subjectAt;
            const std::string place = pool->address + " port " + std::to_string(pool->port);
            if (std::find(addresses.begin(), addresses.end(), pool->address) == addresses.end())
                draft.problems.error(at, "listen", pool->address,
                                     subject + ": " + pool->address +
                                         " is no address of this group, so that it would "
                                         "not be where the pool is",
                                     addresses.empty() ? "write a resource of type address into the group"
                                                       : "listen on " + alternatives(addresses) +
                                                             ", or add this one as a resource of type address");
            const auto [user, isFirst] = listeners.emplace(place, subject);
            if (!isFirst)
                draft.problems.error(at, "listen", place,
                                     subject + ": " + place + " already belongs to " + user->second,
                                     "give each pool a port or an address of its own");
            const auto [other, isOnly] = tables.emplace(group.name + "_" + resource.name, subject);
            if (!isOnly)
                draft.problems.error(draft.groups[g].resources[r].at, "name", resource.name,
                                     subject + ": its rules would have the same name as those of " + other->second,
                                     "rename one of them: group and pool are joined by '_'");
        }
    }
}

} // namespace dyad::config
