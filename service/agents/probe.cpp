// SPDX-License-Identifier: Apache-2.0
#include "agents/probe.h"

#include "agents/carrier_probe.h"
#include "agents/disk_probe.h"
#include "agents/dns_probe.h"
#include "agents/greeting_probe.h"
#include "agents/http_probe.h"
#include "agents/ping_probe.h"
#include "agents/script_probe.h"
#include "agents/sql_probe.h"
#include "agents/tcp_probe.h"
#include "base/overloaded.h"

#include <algorithm>

namespace dyad::agents {

std::unique_ptr<ProbeRunner> makeProbe(const model::Probe& probe, const std::string& label) {
    return std::visit(Overloaded{
                          [](const model::TcpProbe& tcp) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<TcpProbeRunner>(tcp);
                          },
                          [&](const model::ScriptProbe& script) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<ScriptProbeRunner>(script, label);
                          },
                          [](const model::SqlProbe& sql) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<SqlProbeRunner>(
                                  SqlProbeSettings{.connection = sql.connection, .query = sql.query});
                          },
                          [](const model::HttpProbe& http) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<HttpProbeRunner>(http);
                          },
                          [](const model::GreetingProbe& greeting) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<GreetingProbeRunner>(greeting);
                          },
                          [](const model::PingProbe& ping) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<PingProbeRunner>(ping);
                          },
                          [](const model::CarrierProbe& carrier) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<CarrierProbeRunner>(carrier);
                          },
                          [](const model::DnsProbe& dns) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<DnsProbeRunner>(dns);
                          },
                          [](const model::DiskProbe& disk) -> std::unique_ptr<ProbeRunner> {
                              return std::make_unique<DiskProbeRunner>(disk);
                          },
                      },
                      probe);
}

namespace {

std::string probePlace(const std::string& address, std::uint16_t port) {
    return address + " port " + std::to_string(port);
}

// What stands before an '@' may be a password, what follows a '?' a token.
std::string publicUrl(const std::string& url) {
    const std::size_t begin = std::min(url.find("://"), url.size());
    const std::size_t host = std::min(begin + 3, url.size());
    const std::size_t path = std::min(url.find_first_of("/?#", host), url.size());
    const std::size_t at = url.rfind('@', path);
    const std::size_t from = at == std::string::npos || at < host ? host : at + 1;
    return url.substr(0, host) + url.substr(from, url.find_first_of("?#", from) - from);
}

} // namespace

std::string describe(const model::Probe& probe) {
    using Greeting = model::GreetingProbe;
    return std::visit(
        Overloaded{
            [](const model::TcpProbe& tcp) { return "tcp " + probePlace(tcp.address, tcp.port); },
            [](const model::ScriptProbe& script) {
                return "script " + (script.command.empty() ? std::string() : script.command.front());
            },
            [](const model::SqlProbe&) { return std::string("sql"); }, // the connection may hold a password
            [](const model::HttpProbe& http) { return "http " + publicUrl(http.url); },
            [](const Greeting& greeting) {
                return (greeting.protocol == Greeting::Protocol::Smtp ? "smtp " : "ftp ") +
                       probePlace(greeting.address, greeting.port);
            },
            [](const model::PingProbe& ping) { return "ping " + ping.address; },
            [](const model::CarrierProbe& carrier) { return "carrier " + carrier.interface; },
            [](const model::DnsProbe& dns) {
                return "dns " + dns.name + (dns.six ? " AAAA at " : " A at ") + probePlace(dns.server, dns.port);
            },
            [](const model::DiskProbe& disk) {
                return std::string("disk ") + (disk.write ? "write " : "read ") + disk.path;
            },
        },
        probe);
}

} // namespace dyad::agents
