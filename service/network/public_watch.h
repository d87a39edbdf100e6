// SPDX-License-Identifier: Apache-2.0
// Is the public network there for this node? It is as long as every interface that carries an address of a group has a
// carrier, and one of the configured gateways, if there are any, answers. What follows from it is the engine's to say:
// it moves a group only to a peer that still has the network, so that nothing moves where both have lost it.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "model/configuration.h"
#include "network/carrier_watch.h"
#include "network/gateway_watch.h"
#include "ports/outside.h"

namespace dyad::network {

class PublicWatch final : public ports::GatewayPort {
public:
    // Null: nothing is configured that could be watched. Error: a gateway isn't a numeric address. `alarms` outlives
    // this; an interface without a carrier is an alarm carrier.lost:NAME.
    [[nodiscard]] static Result<std::unique_ptr<PublicWatch>> make(const model::Configuration& configuration,
                                                                   GatewayTiming timing, ports::AlarmPort& alarms);

    // Set onChange before. The first call comes soon, or where gateways are asked with the first answer, or after
    // `misses` intervals without any.
    void start();

private:
    PublicWatch(std::vector<WatchedAddress> addresses, std::unique_ptr<GatewayWatch> gateways,
                ports::AlarmPort& alarms);
    void tellCarriers(const std::vector<std::string>& dead);
    void judge();

    CarrierWatch m_carriers;
    std::unique_ptr<GatewayWatch> m_gateways; // null: none are configured
    ports::AlarmPort& m_alarms;
    std::optional<bool> m_gatewayAnswers; // none: not known yet
    std::optional<bool> m_told;
    std::set<std::string> m_alarmed; // interfaces
    QTimer m_soon;
};

} // namespace dyad::network
