// SPDX-License-Identifier: Apache-2.0
// The keys of a resource of type address.
#include "config/addresses.h"
#include "config/sections.h"

namespace dyad::config {

namespace {

bool isSix(const model::AddressSettings& settings) { return settings.address.find(':') != std::string::npos; }

void readDuplicateCheck(TableReader& reader, model::AddressSettings& settings) {
    using Check = model::AddressSettings::DuplicateCheck;
    settings.duplicateCheck = reader.choice<Check>(
        "duplicate_check", {{"network", Check::Network}, {"kernel", Check::Kernel}, {"none", Check::None}},
        settings.duplicateCheck);
    if (settings.duplicateCheck == Check::Kernel && !settings.address.empty() && !isSix(settings))
        reader.wrong("duplicate_check", "is for IPv6 alone: the kernel asks nobody before it raises an IPv4 address",
                     "write \"network\": three ARP probes (RFC 5227)");
}

std::string familyOf(bool six) { return six ? "IPv6" : "IPv4"; }

// "default", "192.0.2.0/24", "2001:db8::/32"
void readDestination(TableReader& reader, bool six, model::AddressRoute& route) {
    const auto text = reader.requiredText("to", "to = \"192.0.2.0/24\" (or \"default\")");
    if (!text) return;
    if (*text == "default") {
        route.destination = six ? "::" : "0.0.0.0";
        return;
    }
    const std::size_t slash = text->find('/');
    const std::optional<NumericAddress> network = parseAddress(text->substr(0, slash));
    const std::uint32_t prefix =
        slash == std::string::npos || !network
            ? 0
            : parseNumber(std::string_view(*text).substr(slash + 1), network->isIpv6 ? 128 : 32).value_or(0);
    if (!network || !network->zone.empty() || prefix == 0)
        return reader.wrong("to", "is no network with its prefix", "write it as \"192.0.2.0/24\", or \"default\"");
    if (network->isIpv6 != six)
        return reader.wrong("to", "is not of the family of the address", "write a network of " + familyOf(six));
    if (network->isMulticast() || !network->hostPartIsAll(false, prefix))
        return reader.wrong("to", "is not a network: there is more in it than its prefix says",
                            "write the network's own address, such as \"192.0.2.0/24\"");
    route.destination = network->text;
    route.prefixLength = static_cast<std::uint8_t>(prefix);
}

void readRoutes(TableReader& reader, Draft& draft, model::AddressSettings& settings) {
    const bool six = isSix(settings);
    std::size_t number = 0;
    for (const toml::table* table : reader.tables("routes", model::maxRoutesPerAddress)) {
        TableReader inner(*table, reader.subject() + ", route number " + std::to_string(++number), draft.problems);
        model::AddressRoute route;
        if (!settings.address.empty())
            readDestination(inner, six, route);
        else
            (void)inner.text("to"); // of an address that was refused nothing can be said
        if (const auto via = inner.text("via")) {
            const std::optional<NumericAddress> gateway = parseAddress(*via);
            if (!gateway || !gateway->zone.empty() || gateway->isUnspecified() || gateway->isMulticast() ||
                gateway->isBroadcast())
                inner.wrong("via", "is not the address of a router", "write a numeric address: \"10.77.0.254\"");
            else if (gateway->isIpv6 != six && !settings.address.empty())
                inner.wrong("via", "is not of the family of the address", "write a router of " + familyOf(six));
            else if (gateway->text == settings.address)
                inner.wrong("via", "is the floating address itself", "write the router's address");
            else
                route.gateway = gateway->text;
        } else if (route.prefixLength == 0 && !route.destination.empty() && !inner.has("via")) {
            inner.missing("via", "via = \"10.77.0.254\": a default route needs its router");
        }
        route.metric = static_cast<unsigned>(inner.number("metric", 0, 0x7fffffff, route.metric));
        route.table = static_cast<unsigned>(inner.number("table", 1, 0x7fffffff, route.table));
        route.preferSource = inner.truth("source", route.preferSource);
        inner.finish();
        settings.routes.push_back(std::move(route));
    }
}

} // namespace

void readAddress(TableReader& reader, Draft& draft, model::ResourceSetup& resource, ResourceDraft& places) {
    model::AddressSettings settings;
    if (const auto text = reader.requiredText("address", "address = \"10.77.0.100/24\"")) {
        places.subjectAt = reader.place("address");
        const std::size_t slash = text->find('/');
        const std::optional<NumericAddress> address = parseAddress(text->substr(0, slash));
        const unsigned bits = address && address->isIpv6 ? 128 : 32;
        const std::uint32_t prefix =
            slash == std::string::npos ? 0 : parseNumber(text->substr(slash + 1), bits).value_or(0);
        if (!address || !address->zone.empty()) {
            reader.wrong("address", "is not a numeric address with its prefix",
                         "write it as \"10.77.0.100/24\" or \"fd00::100/64\"");
        } else if (prefix == 0) {
            reader.wrong("address", "has no prefix length from 1 to " + std::to_string(bits),
                         "write it with the length of its subnet: \"" + address->text +
                             (address->isIpv6 ? "/64\"" : "/24\""));
        } else if (address->isUnspecified() || address->isMulticast() || address->isBroadcast()) {
            reader.wrong("address", "is not the address of one host", "write a free address of the subnet");
        } else if (!address->isIpv6 && prefix <= 30 &&
                   (address->hostPartIsAll(false, prefix) || address->hostPartIsAll(true, prefix))) {
            reader.wrong("address", "is the network or the broadcast address of its subnet",
                         "write a free address of the subnet");
        } else {
            settings.address = address->text;
            settings.prefixLength = static_cast<std::uint8_t>(prefix);
            draft.ownAddress(address->text, reader.subject(), reader.place("address"), "address");
        }
    }
    if (const auto interface = reader.text("interface")) {
        if (isInterfaceName(*interface))
            settings.interface = *interface;
        else
            reader.wrong("interface", "is not the name of an interface",
                         "write it as `ip link` shows it, such as \"eth0\"");
    }
    settings.raiseLast = reader.choice<bool>("raise", {{"first", false}, {"last", true}}, false);
    settings.announcements = static_cast<unsigned>(reader.number("announcements", 1, 50, settings.announcements));
    settings.refresh = reader.seconds("refresh_s", 0s, 24h, settings.refresh);
    settings.watchCarrier = reader.truth("watch_carrier", settings.watchCarrier);
    readDuplicateCheck(reader, settings);
    readRoutes(reader, draft, settings);
    resource.settings = std::move(settings);
}

} // namespace dyad::config
