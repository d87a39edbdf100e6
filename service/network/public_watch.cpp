// SPDX-License-Identifier: Apache-2.0
#include "network/public_watch.h"

#include <algorithm>
#include <utility>

namespace dyad::network {

namespace {

std::vector<WatchedAddress> watchedOf(const model::Configuration& configuration) {
    std::vector<WatchedAddress> watched;
    for (const model::GroupSetup& group : configuration.groups)
        for (const model::ResourceSetup& resource : group.resources) {
            const auto* settings = std::get_if<model::AddressSettings>(&resource.settings);
            if (settings == nullptr || !settings->watchCarrier) continue;
            if (const Result<IpAddress> address = parseIpAddress(settings->address))
                watched.push_back({address.value(), settings->interface});
        }
    return watched;
}

std::string carrierAlarm(const std::string& interface) { return "carrier.lost:" + interface; }

} // namespace

PublicWatch::PublicWatch(std::vector<WatchedAddress> addresses, std::unique_ptr<GatewayWatch> gateways,
                         ports::AlarmPort& alarms)
    : m_carriers(std::move(addresses)), m_gateways(std::move(gateways)), m_alarms(alarms) {
    if (!m_gateways) m_gatewayAnswers = true; // nobody to ask
    m_soon.setSingleShot(true);
    QObject::connect(&m_soon, &QTimer::timeout, &m_soon, [this] {
        tellCarriers(m_carriers.dead());
        judge();
    });
}

Result<std::unique_ptr<PublicWatch>> PublicWatch::make(const model::Configuration& configuration, GatewayTiming timing,
                                                       ports::AlarmPort& alarms) {
    std::unique_ptr<GatewayWatch> gateways;
    if (!configuration.gateways.empty()) {
        Result<std::unique_ptr<GatewayWatch>> made = GatewayWatch::make(configuration.gateways, timing);
        if (!made) return made.error();
        gateways = std::move(made).value();
    }
    std::vector<WatchedAddress> addresses = watchedOf(configuration);
    if (!gateways && addresses.empty()) return std::unique_ptr<PublicWatch>();
    return std::unique_ptr<PublicWatch>(new PublicWatch(std::move(addresses), std::move(gateways), alarms));
}

void PublicWatch::start() {
    if (const Result<void> started = m_carriers.start(); !started)
        m_alarms.raise({.id = "carrier.unwatched",
                        .severity = model::Severity::Warning,
                        .text = "cables are not watched: " + started.error().text(),
                        .remedy = "a gateway in [network] gateways shows a lost network, too"});
    m_carriers.onChange = [this](const std::vector<std::string>& dead) {
        tellCarriers(dead);
        judge();
    };
    if (m_gateways) {
        m_gateways->onChange = [this](bool reachable) {
            m_gatewayAnswers = reachable;
            judge();
        };
        m_gateways->start();
    }
    m_soon.start(0);
}

void PublicWatch::tellCarriers(const std::vector<std::string>& dead) {
    for (const std::string& interface : dead)
        if (m_alarmed.insert(interface).second)
            m_alarms.raise({.id = carrierAlarm(interface),
                            .severity = model::Severity::Warning,
                            .text = "interface " + interface + ", which carries an address of a group, has no carrier",
                            .remedy = "look at its cable and at the switch port at the other end"});
    for (auto alarmed = m_alarmed.begin(); alarmed != m_alarmed.end();) {
        if (std::find(dead.begin(), dead.end(), *alarmed) != dead.end()) {
            ++alarmed;
            continue;
        }
        m_alarms.clear(carrierAlarm(*alarmed));
        alarmed = m_alarmed.erase(alarmed);
    }
}

void PublicWatch::judge() {
    // A dead cable is answer enough; else the gateways have the last word.
    std::optional<bool> reachable = m_gatewayAnswers;
    if (!m_carriers.dead().empty()) reachable = false;
    if (!reachable || reachable == m_told) return;
    m_told = reachable;
    if (onChange) onChange(*reachable);
}

} // namespace dyad::network
