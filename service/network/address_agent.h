// SPDX-License-Identifier: Apache-2.0
// A floating address. The order of a takeover: address -> announce now -> routes -> announce again -> refresh; and as
// long as it is held, announce at once when somebody else claims it.
// The address stays where it is when the service ends; the next life finds it there (probe()).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "model/configuration.h"
#include "network/address_defence.h"
#include "network/address_watch.h"
#include "network/announcer.h"
#include "network/duplicate_check.h"
#include "network/kernel_duplicate_check.h"
#include "network/netlink_routes.h"
#include "ports/agent.h"

namespace dyad::network {

class AddressAgent final : public ports::Agent {
public:
    // `routes` are those of the settings; their interface is filled in when the address is raised.
    AddressAgent(model::AddressSettings settings, IpAddress address, std::vector<Route> routes);

    // takeover: raised and announced before it returns, whoever else may still announce it. Else the network is asked
    // first (duplicate_check.h); an answer is Failed with the other's hardware address. Or, where the settings want it
    // so, the kernel asks (kernel_duplicate_check.h). A route that can't be had is Failed as well, and nothing stays.
    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override; // both at once; they differ in nothing
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;

private:
    void askThenRaise(const Place& place);
    void raiseTentatively(const Place& place);
    void raise(const Place& place);
    [[nodiscard]] std::vector<Route> routesOn(int interface) const;
    [[nodiscard]] Result<void> ensureRoutes(int interface);
    [[nodiscard]] Result<void> removeRoutes(int interface);
    [[nodiscard]] Result<void> takeAway(); // the address, wherever it is, and its routes
    [[nodiscard]] Result<void> watchOver(const AssignedAddress& assigned, bool carrier);
    void answerStart(model::ResourceOutcome outcome, const std::string& detail);
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);

    model::AddressSettings m_settings;
    IpAddress m_address;
    std::vector<Route> m_routes;
    int m_interface = 0; // that it was raised on last; 0: none yet
    bool m_running = false;
    ports::AgentDone m_startDone;
    std::unique_ptr<DuplicateCheck> m_check;
    std::unique_ptr<KernelDuplicateCheck> m_kernelCheck;
    AddressWatch m_watch;
    Announcer m_announcer;
    AddressDefence m_defence;
};

// Error: the address, or one of a route, isn't one. Doesn't block, raises nothing.
[[nodiscard]] Result<std::unique_ptr<ports::Agent>> makeAddressAgent(const model::AddressSettings& settings);

} // namespace dyad::network
