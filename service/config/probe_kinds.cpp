// SPDX-License-Identifier: Apache-2.0
// The probes that have keys of their own beside the one that names them: dns and disk.
#include "config/addresses.h"
#include "config/sections.h"

namespace dyad::config {

namespace {

// RFC 1035 section 4.1.1, RFC 2136 section 2.2
using DnsCode = std::optional<std::uint8_t>;

void refuseWithout(TableReader& reader, std::initializer_list<const char*> keys, const std::string& kind,
                   const std::string& example) {
    for (const char* key : keys)
        if (reader.has(key) && !reader.has(kind)) reader.wrong(key, "stands without " + kind, "add " + example);
}

} // namespace

std::optional<model::Probe> readDnsProbe(TableReader& reader) {
    refuseWithout(reader, {"host", "type", "answer", "address"}, "dns", "dns = \"10.77.0.53\"");
    const auto text = reader.text("dns");
    model::DnsProbe dns;
    const std::optional<Endpoint> server = text ? parseEndpoint(*text, 53) : std::nullopt;
    if (text && (!server || server->address.isUnspecified() || server->address.isMulticast()))
        reader.wrong("dns", "is not the address of a DNS server",
                     "write it as a number: \"10.77.0.53\", \"10.77.0.53:5353\" or \"[fd00::53]\"");
    const auto host = reader.text("host");
    if (text && !host && !reader.has("host"))
        reader.missing("host", "host = \"erp.example.com\", which it is asked for");
    if (host) {
        dns.name = hostName(*host);
        if (dns.name.empty())
            reader.wrong("host", "is not the name of a host", "use letters, digits and '-' between dots");
    }
    dns.six = reader.choice<bool>("type", {{"A", false}, {"AAAA", true}}, false);
    dns.code = reader.choice<DnsCode>("answer",
                                      {{"NOERROR", DnsCode(0)},
                                       {"NXDOMAIN", DnsCode(3)},
                                       {"REFUSED", DnsCode(5)},
                                       {"SERVFAIL", DnsCode(2)},
                                       {"FORMERR", DnsCode(1)},
                                       {"NOTIMP", DnsCode(4)},
                                       {"NOTAUTH", DnsCode(9)},
                                       {"any", DnsCode()}},
                                      DnsCode(0));
    if (const auto expected = reader.text("address")) {
        const std::optional<NumericAddress> address = parseAddress(*expected);
        if (!address || !address->zone.empty())
            reader.wrong("address", "is not a numeric address", "write the one that the name stands for");
        else if (address->isIpv6 != dns.six)
            reader.wrong("address",
                         std::string("is not what is asked for with type = ") + (dns.six ? "\"AAAA\"" : "\"A\""),
                         address->isIpv6 ? "write type = \"AAAA\"" : "write type = \"A\"");
        else if (dns.code != DnsCode(0))
            reader.wrong("address", "says nothing with this answer", "remove it, or answer");
        else
            dns.address = address->text;
    }
    if (!server || dns.name.empty()) return {};
    dns.server = server->address.text;
    dns.port = server->port;
    return dns;
}

std::optional<model::Probe> readDiskProbe(TableReader& reader) {
    refuseWithout(reader, {"access", "limit_ms"}, "disk", "disk = \"/srv/erp\"");
    model::DiskProbe disk;
    disk.write = reader.choice<bool>("access", {{"write", true}, {"read", false}}, true);
    disk.limit = reader.milliseconds("limit_ms", 1ms, 10min, disk.limit);
    const auto path = reader.text("disk");
    if (!path || !checkPath(reader, "disk", *path)) return {};
    disk.path = *path;
    return disk;
}

} // namespace dyad::config
