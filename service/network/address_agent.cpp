// SPDX-License-Identifier: Apache-2.0
#include "network/address_agent.h"

#include <algorithm>

namespace dyad::network {

using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

// Where the address is on this host, whatever its interface and prefix.
Result<std::vector<AssignedAddress>> findAssigned(const IpAddress& address) {
    Result<std::vector<AssignedAddress>> all = listAddresses();
    if (all) std::erase_if(all.value(), [&](const AssignedAddress& assigned) { return assigned.address != address; });
    return all;
}

} // namespace

AddressAgent::AddressAgent(model::AddressSettings settings, IpAddress address, std::vector<Route> routes)
    : m_settings(std::move(settings)), m_address(address), m_routes(std::move(routes)) {
    m_watch.onRemoved = [this] {
        m_running = false;
        m_announcer.stop();
        m_defence.stop();
        notice(Kind::Died, m_address.text() + " was removed from its interface by somebody else");
    };
    m_watch.onCarrier = [this](bool carrier) {
        notice(Kind::Progress, carrier ? "the link is back, announced again" : "the interface has no link");
        if (!carrier) return;
        m_announcer.again(); // another switch may have learnt something else meanwhile
        // An interface that was switched off and on again has lost its routes.
        if (const Result<void> back = ensureRoutes(m_interface); !back) notice(Kind::Progress, back.error().text());
    };
    m_defence.onDefend = [this] { m_announcer.defend(); };
    m_defence.onConflict = [this](const HardwareAddress& other) {
        notice(Kind::Progress, m_address.text() + " is claimed by " + toText(other) +
                                   " as well, announced again. If this comes back, find that host");
    };
}

void AddressAgent::start(bool takeover, ports::AgentDone done) {
    if (m_running) return done({ResourceOutcome::Running, "is raised already"});
    if (m_startDone) answerStart(ResourceOutcome::Failed, "overtaken by another start");
    m_check.reset();
    m_startDone = std::move(done);

    const Result<Place> place = findPlace(m_address, m_settings.prefixLength, m_settings.interface);
    if (!place) return answerStart(ResourceOutcome::Failed, place.error().text());
    const Result<std::vector<AssignedAddress>> there = findAssigned(m_address);
    const bool ours = there && !there.value().empty();
    using Check = model::AddressSettings::DuplicateCheck;
    if (takeover || ours || !place.value().interface.ethernet || m_settings.duplicateCheck == Check::None)
        return raise(place.value());
    if (m_settings.duplicateCheck == Check::Kernel && m_address.six) return raiseTentatively(place.value());
    askThenRaise(place.value());
}

void AddressAgent::askThenRaise(const Place& place) {
    m_check = std::make_unique<DuplicateCheck>();
    const Result<void> asked =
        m_check->start(place.interface, m_address, [this, place](const std::optional<HardwareAddress>& holder) {
            if (!holder) return raise(place);
            answerStart(ResourceOutcome::Failed, m_address.text() + " is already in use on the network by " +
                                                     toText(*holder) +
                                                     ". Find that host, or configure another address");
        });
    if (!asked) answerStart(ResourceOutcome::Failed, asked.error().text());
}

void AddressAgent::raiseTentatively(const Place& place) {
    const AssignedAddress assigned{place.interface.index, m_address, place.prefixLength};
    if (const Result<void> added = addAddress(assigned, true); !added)
        return answerStart(ResourceOutcome::Failed, added.error().text());
    m_kernelCheck = std::make_unique<KernelDuplicateCheck>();
    m_kernelCheck->start(assigned, [this, place, assigned](KernelDuplicateCheck::Verdict verdict) {
        using Verdict = KernelDuplicateCheck::Verdict;
        if (verdict == Verdict::Free) return raise(place);
        (void)removeAddress(assigned);
        answerStart(ResourceOutcome::Failed,
                    verdict == Verdict::Taken ? m_address.text() + " is already in use on the network, as the kernel "
                                                                   "found. Find that host, or configure another address"
                    : verdict == Verdict::Gone
                        ? m_address.text() + " was removed from its interface while the kernel asked for others"
                        : "the kernel did not say within " + dyad::toText(kernelDuplicatePatience) + " whether " +
                              m_address.text() + " is in use");
    });
}

void AddressAgent::raise(const Place& place) {
    const AssignedAddress assigned{place.interface.index, m_address, place.prefixLength};
    m_interface = assigned.interface;
    if (const Result<void> added = addAddress(assigned); !added) // the address
        return answerStart(ResourceOutcome::Failed, added.error().text());
    const Result<void> announced = // announce now; again, and refresh, by the announcer's timer
        m_announcer.start(place.interface, m_address, m_settings.announcements, m_settings.refresh);
    Result<void> ready = ensureRoutes(assigned.interface);
    if (ready) ready = watchOver(assigned, place.interface.carrier);
    if (!ready) {
        m_announcer.stop();
        (void)removeRoutes(assigned.interface);
        (void)removeAddress(assigned);
        return answerStart(ResourceOutcome::Failed, ready.error().text());
    }
    const Result<void> defended = m_defence.start(place.interface, m_address);
    std::string detail = m_address.text() + "/" + std::to_string(place.prefixLength) + " on " + place.interface.name;
    if (!m_routes.empty()) detail += " with " + std::to_string(m_routes.size()) + (m_routes.size() > 1 ? " routes" : " route");
    if (!announced) detail += "; could not be announced yet: " + announced.error().text();
    if (!defended) detail += "; who else claims it can't be heard: " + defended.error().text();
    if (!place.interface.carrier) detail += "; the interface has no link";
    answerStart(ResourceOutcome::Running, detail);
}

std::vector<Route> AddressAgent::routesOn(int interface) const {
    std::vector<Route> routes = m_routes;
    for (Route& route : routes)
        route.interface = interface;
    return routes;
}

Result<void> AddressAgent::ensureRoutes(int interface) {
    for (const Route& route : routesOn(interface))
        if (Result<void> there = ensureRoute(route); !there) return there;
    return {};
}

// All that can be, whatever one of them says.
Result<void> AddressAgent::removeRoutes(int interface) {
    Result<void> outcome;
    for (const Route& route : routesOn(interface))
        if (Result<void> removed = removeRoute(route); !removed) outcome = removed;
    return outcome;
}

Result<void> AddressAgent::watchOver(const AssignedAddress& assigned, bool carrier) {
    const Result<void> watched = m_watch.start(assigned, carrier);
    m_running = watched.ok();
    return watched;
}

void AddressAgent::stop(ports::AgentDone done) {
    m_check.reset();
    m_kernelCheck.reset();
    m_watch.stop();
    m_defence.stop();
    m_announcer.stop();
    m_running = false;
    if (m_startDone) answerStart(ResourceOutcome::Failed, "stopped during the start");

    const Result<std::vector<AssignedAddress>> there = findAssigned(m_address);
    const bool wasThere = there && !there.value().empty();
    if (const Result<void> gone = takeAway(); !gone) return done({ResourceOutcome::Failed, gone.error().text()});
    done({ResourceOutcome::Stopped, wasThere ? "removed" : "was not there"});
}

Result<void> AddressAgent::takeAway() {
    const Result<std::vector<AssignedAddress>> there = findAssigned(m_address);
    if (!there) return there.error();
    // The routes first, for the kernel takes some of them away with the address; but the address goes in any case.
    Result<void> outcome;
    if (m_interface != 0) outcome = removeRoutes(m_interface);
    for (const AssignedAddress& assigned : there.value()) {
        if (assigned.interface != m_interface)
            if (Result<void> removed = removeRoutes(assigned.interface); !removed) outcome = removed;
        if (Result<void> removed = removeAddress(assigned); !removed) return removed;
    }
    return outcome;
}

void AddressAgent::kill(ports::AgentDone done) { stop(std::move(done)); }

void AddressAgent::probe(ports::AgentDone done) {
    if (m_startDone) return done({ResourceOutcome::CouldNotRun, "is being raised"});
    const Result<std::vector<AssignedAddress>> there = findAssigned(m_address);
    if (!there) return done({ResourceOutcome::CouldNotRun, there.error().text()});
    if (there.value().empty()) return done({ResourceOutcome::Stopped, "not raised"});
    if (m_running) return done({ResourceOutcome::Running, "raised"});

    const AssignedAddress& assigned = there.value().front();
    if (assigned.duplicate)
        return done({ResourceOutcome::Failed, m_address.text() + " is in use by another host, as the kernel found"});
    const Result<std::vector<Interface>> interfaces = listInterfaces();
    if (!interfaces) return done({ResourceOutcome::CouldNotRun, interfaces.error().text()});
    const auto interface = std::find_if(interfaces.value().begin(), interfaces.value().end(),
                                        [&](const Interface& one) { return one.index == assigned.interface; });
    if (interface == interfaces.value().end()) return done({ResourceOutcome::Stopped, "its interface is gone"});
    if (const Result<void> watched = watchOver(assigned, interface->carrier); !watched)
        return done({ResourceOutcome::CouldNotRun, watched.error().text()});
    m_interface = assigned.interface;
    if (const Result<void> routed = ensureRoutes(m_interface); !routed)
        notice(Kind::Progress, routed.error().text());
    // It is ours and was announced when it was raised; one more does no harm and opens the refresh.
    (void)m_announcer.start(*interface, m_address, 1, m_settings.refresh);
    (void)m_defence.start(*interface, m_address);
    done({ResourceOutcome::Running, "found on " + interface->name});
}

void AddressAgent::answerStart(ResourceOutcome outcome, const std::string& detail) {
    const ports::AgentDone done = std::exchange(m_startDone, nullptr);
    if (done) done({outcome, detail});
}

void AddressAgent::notice(Kind kind, const std::string& detail) {
    if (onNotice) onNotice({kind, detail});
}

Result<std::unique_ptr<ports::Agent>> makeAddressAgent(const model::AddressSettings& settings) {
    const Result<IpAddress> address = parseIpAddress(settings.address);
    if (!address) return address.error();
    if (settings.prefixLength > address.value().maxPrefix())
        return Error{"use address",
                     settings.address,
                     "prefix length " + std::to_string(settings.prefixLength) + " is too large",
                     {}};
    std::vector<Route> routes;
    for (const model::AddressRoute& each : settings.routes) {
        Route route;
        const Result<IpAddress> destination = parseIpAddress(each.destination);
        if (!destination) return destination.error();
        route.destination = destination.value();
        route.prefixLength = each.prefixLength;
        if (!each.gateway.empty()) {
            const Result<IpAddress> gateway = parseIpAddress(each.gateway);
            if (!gateway) return gateway.error();
            route.gateway = gateway.value();
        }
        if (each.preferSource) route.source = address.value();
        route.metric = each.metric;
        route.table = each.table;
        routes.push_back(std::move(route));
    }
    return Result<std::unique_ptr<ports::Agent>>(
        std::make_unique<AddressAgent>(settings, address.value(), std::move(routes)));
}

} // namespace dyad::network
