// SPDX-License-Identifier: Apache-2.0
// ready = { ... } and health = { ... }
#include "config/addresses.h"
#include "config/sections.h"


namespace dyad::config {

namespace {

constexpr std::string_view probeExample =
    "{ tcp = \"127.0.0.1:80\" }, { http = \"http://127.0.0.1/health\" }, { script = [\"/usr/bin/check\"] }, "
    "{ sql = \"host=/run/postgresql\" }, { smtp = \"127.0.0.1:25\" }, { ftp = \"127.0.0.1:21\" }, { ping = "
    "\"10.77.0.254\" }, "
    "{ carrier = \"eth0\" }, { dns = \"10.77.0.53\", host = \"erp.example.com\" } or { disk = \"/srv/erp\" }";
constexpr const char* kinds[] = {"tcp", "http", "script", "sql", "smtp", "ftp", "ping", "carrier", "dns", "disk"};

std::optional<Endpoint> readEndpoint(TableReader& reader, const char* key, std::uint16_t usualPort) {
    const auto text = reader.text(key);
    if (!text) return {};
    const std::optional<Endpoint> endpoint = parseEndpoint(*text, usualPort);
    if (!endpoint) reader.wrong(key, "is not an address with a port", "write \"127.0.0.1:80\" or \"[::1]:80\"");
    return endpoint;
}

std::optional<model::Probe> readHttp(TableReader& reader) {
    model::HttpProbe http;
    const auto url = reader.text("http");
    if (url && !isUrl(*url, {"http", "https"}))
        reader.wrong("http", "is not the address of a page", "write \"http://127.0.0.1:8080/health\"");
    if (reader.has("status")) http.status = static_cast<std::uint16_t>(reader.number("status", 100, 599, 200));
    http.body = reader.text("body").value_or("");
    http.verify = reader.choice<bool>("certificate", {{"verified", true}, {"any", false}}, true);
    for (const char* key : {"status", "body", "certificate"})
        if (reader.has(key) && !reader.has("http"))
            reader.wrong(key, "stands without http", "add http = \"http://...\"");
    if (!url) return {};
    http.url = *url;
    return http;
}

// The probe among the keys of this table; `count` tells how many there are.
std::optional<model::Probe> probeOf(TableReader& reader, int& count) {
    std::optional<model::Probe> probe;
    count = 0;
    if (const auto endpoint = readEndpoint(reader, "tcp", 0))
        probe = model::TcpProbe{endpoint->address.text, endpoint->port};
    using Protocol = model::GreetingProbe::Protocol;
    if (const auto endpoint = readEndpoint(reader, "smtp", 25))
        probe = model::GreetingProbe{Protocol::Smtp, endpoint->address.text, endpoint->port};
    if (const auto endpoint = readEndpoint(reader, "ftp", 21))
        probe = model::GreetingProbe{Protocol::Ftp, endpoint->address.text, endpoint->port};
    if (const auto ping = reader.text("ping")) {
        const auto address = parseAddress(*ping);
        if (!address || address->isUnspecified() || address->isMulticast() || address->isBroadcast())
            reader.wrong("ping", "is not the address of a host", "write it as a number: \"10.77.0.254\"");
        else
            probe = model::PingProbe{address->text};
    }
    if (const auto carrier = reader.text("carrier")) {
        if (!isInterfaceName(*carrier)) reader.wrong("carrier", "is not the name of an interface", "write \"eth0\"");
        probe = model::CarrierProbe{*carrier};
    }
    if (auto http = readHttp(reader)) probe = std::move(http);
    if (auto dns = readDnsProbe(reader)) probe = std::move(dns);
    if (auto disk = readDiskProbe(reader)) probe = std::move(disk);
    if (const auto script = readCommand(reader, "script", false)) probe = model::ScriptProbe{*script};
    const auto query = reader.text("query");
    if (const auto sql = reader.text("sql"))
        probe = model::SqlProbe{*sql, query.value_or("select 1")};
    else if (query && !reader.has("sql"))
        reader.wrong("query", "stands without sql", "add sql = \"...\" with the connection");
    const char* last = "";
    for (const char* key : kinds) {
        if (!reader.has(key)) continue;
        ++count;
        last = key;
    }
    if (count > 1) reader.wrong(last, "is a second probe in the same place", "keep one of them");
    return count == 1 ? probe : std::nullopt;
}

} // namespace

std::optional<model::Probe> readProbe(TableReader& reader, std::string_view key, bool required, Draft& draft) {
    const toml::table* table = reader.table(key);
    if (!table) {
        if (required && !reader.has(key)) reader.missing(key, std::string(key) + " = " + std::string(probeExample));
        return std::nullopt;
    }
    TableReader inner(*table, reader.subject() + ", " + std::string(key), draft.problems);
    int count = 0;
    std::optional<model::Probe> probe = probeOf(inner, count);
    if (count == 0)
        reader.wrong(key, "says nothing to try", "write " + std::string(key) + " = " + std::string(probeExample));
    inner.finish();
    return probe;
}

namespace {
std::string inMs(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}
} // namespace

// What the table says over what stands in `otherwise`.
model::HealthCheck readCheck(TableReader& inner, const char* key, model::HealthCheck otherwise, bool probeRequired,
                             Draft& draft) {
    int count = 0;
    if (auto probe = probeOf(inner, count)) otherwise.probe = std::move(*probe);
    if (count == 0 && probeRequired)
        draft.problems.error(inner.place(), key, "", inner.subject() + ": says nothing to try",
                             "write one of " + std::string(probeExample));
    otherwise.interval = inner.milliseconds("interval_ms", 10ms, 1h, otherwise.interval);
    otherwise.timeout = inner.milliseconds("timeout_ms", 10ms, 10min, otherwise.timeout);
    otherwise.failures = static_cast<unsigned>(inner.number("failures", 1, 100, otherwise.failures));
    otherwise.of = static_cast<unsigned>(inner.number("of", 1, 100, otherwise.of));
    if (inner.has("of") && otherwise.of < otherwise.failures)
        inner.wrong("of", "is less than failures = " + std::to_string(otherwise.failures),
                    "write how many checks are looked at: failures = 3, of = 5 means three of the last five");
    if (otherwise.timeout > otherwise.interval) {
        const std::string text = inner.subject() + ": timeout_ms = " + inMs(otherwise.timeout) +
                                 " is longer than interval_ms = " + inMs(otherwise.interval) +
                                 ": a check would still run when the next one is due";
        const std::string remedy = "make timeout_ms at most " + inMs(otherwise.interval) + ", or interval_ms longer";
        if (inner.has("timeout_ms") && inner.has("interval_ms"))
            draft.problems.error(inner.place("timeout_ms"), "timeout_ms", inMs(otherwise.timeout), text, remedy);
        else // one of them is the default
            draft.problems.warning(inner.place(), "timeout_ms", inMs(otherwise.timeout), text, remedy);
    }
    return otherwise;
}

model::HealthCheck readHealth(TableReader& reader, model::HealthCheck otherwise, bool probeRequired, Draft& draft) {
    const toml::table* table = reader.table("health");
    if (!table) return otherwise;
    TableReader inner(*table, reader.subject() + ", health", draft.problems);
    otherwise = readCheck(inner, "health", std::move(otherwise), probeRequired, draft);
    inner.finish();
    return otherwise;
}

} // namespace dyad::config
