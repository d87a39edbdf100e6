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

AddressAgent::AddressAgent(model::AddressSettings settings, IpAddress address)
    : m_settings(std::move(settings)), m_address(address) {
    m_watch.onRemoved = [this] {
        m_running = false;
        m_announcer.stop();
        m_defence.stop();
        notice(Kind::Died, m_address.text() + " was removed from its interface by somebody else");
    };
    m_watch.onCarrier = [this](bool carrier) {
        notice(Kind::Progress, carrier ? "the link is back, announced again" : "the interface has no link");
        if (carrier) m_announcer.again(); // another switch may have learnt something else meanwhile
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
    if (takeover || ours || !place.value().interface.ethernet) return raise(place.value());

    m_check = std::make_unique<DuplicateCheck>();
    const Result<void> asked =
        m_check->start(place.value().interface, m_address,
                       [this, place = place.value()](const std::optional<HardwareAddress>& holder) {
                           if (!holder) return raise(place);
                           answerStart(ResourceOutcome::Failed,
                                       m_address.text() + " is already in use on the network by " + toText(*holder) +
                                           ". Find that host, or configure another address");
                       });
    if (!asked) answerStart(ResourceOutcome::Failed, asked.error().text());
}

void AddressAgent::raise(const Place& place) {
    const AssignedAddress assigned{place.interface.index, m_address, place.prefixLength};
    if (const Result<void> added = addAddress(assigned); !added) // the address
        return answerStart(ResourceOutcome::Failed, added.error().text());
    const Result<void> announced = // announce now; again, and refresh, by the announcer's timer
        m_announcer.start(place.interface, m_address, m_settings.announcements, m_settings.refresh);
    if (const Result<void> watched = watchOver(assigned, place.interface.carrier); !watched) {
        m_announcer.stop();
        (void)removeAddress(assigned);
        return answerStart(ResourceOutcome::Failed, watched.error().text());
    }
    const Result<void> defended = m_defence.start(place.interface, m_address);
    std::string detail = m_address.text() + "/" + std::to_string(place.prefixLength) + " on " + place.interface.name;
    if (!announced) detail += "; could not be announced yet: " + announced.error().text();
    if (!defended) detail += "; who else claims it can't be heard: " + defended.error().text();
    if (!place.interface.carrier) detail += "; the interface has no link";
    answerStart(ResourceOutcome::Running, detail);
}

Result<void> AddressAgent::watchOver(const AssignedAddress& assigned, bool carrier) {
    const Result<void> watched = m_watch.start(assigned, carrier);
    m_running = watched.ok();
    return watched;
}

void AddressAgent::stop(ports::AgentDone done) {
    m_check.reset();
    m_watch.stop();
    m_defence.stop();
    m_announcer.stop();
    m_running = false;
    if (m_startDone) answerStart(ResourceOutcome::Failed, "stopped during the start");

    const Result<std::vector<AssignedAddress>> there = findAssigned(m_address);
    if (!there) return done({ResourceOutcome::Failed, there.error().text()});
    for (const AssignedAddress& assigned : there.value())
        if (const Result<void> removed = removeAddress(assigned); !removed)
            return done({ResourceOutcome::Failed, removed.error().text()});
    done({ResourceOutcome::Stopped, there.value().empty() ? "was not there" : "removed"});
}

void AddressAgent::kill(ports::AgentDone done) { stop(std::move(done)); }

void AddressAgent::probe(ports::AgentDone done) {
    if (m_startDone) return done({ResourceOutcome::CouldNotRun, "is being raised"});
    const Result<std::vector<AssignedAddress>> there = findAssigned(m_address);
    if (!there) return done({ResourceOutcome::CouldNotRun, there.error().text()});
    if (there.value().empty()) return done({ResourceOutcome::Stopped, "not raised"});
    if (m_running) return done({ResourceOutcome::Running, "raised"});

    const AssignedAddress& assigned = there.value().front();
    const Result<std::vector<Interface>> interfaces = listInterfaces();
    if (!interfaces) return done({ResourceOutcome::CouldNotRun, interfaces.error().text()});
    const auto interface = std::find_if(interfaces.value().begin(), interfaces.value().end(),
                                        [&](const Interface& one) { return one.index == assigned.interface; });
    if (interface == interfaces.value().end()) return done({ResourceOutcome::Stopped, "its interface is gone"});
    if (const Result<void> watched = watchOver(assigned, interface->carrier); !watched)
        return done({ResourceOutcome::CouldNotRun, watched.error().text()});
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
    return Result<std::unique_ptr<ports::Agent>>(std::make_unique<AddressAgent>(settings, address.value()));
}

} // namespace dyad::network
