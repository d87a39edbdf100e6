// SPDX-License-Identifier: Apache-2.0
// A floating address. The order of a takeover: address -> announce now -> announce again -> refresh; and as long as it
// is held, announce at once when somebody else claims it.
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
#include "ports/agent.h"

namespace dyad::network {

class AddressAgent final : public ports::Agent {
public:
    explicit AddressAgent(model::AddressSettings settings, IpAddress address);

    // takeover: raised and announced before it returns, whoever else may still announce it. Else the network is asked
    // first (duplicate_check.h); an answer is Failed with the other's hardware address.
    void start(bool takeover, ports::AgentDone done) override;
    void stop(ports::AgentDone done) override; // both at once; they differ in nothing
    void kill(ports::AgentDone done) override;
    void probe(ports::AgentDone done) override;

private:
    void raise(const Place& place);
    [[nodiscard]] Result<void> watchOver(const AssignedAddress& assigned, bool carrier);
    void answerStart(model::ResourceOutcome outcome, const std::string& detail);
    void notice(model::ResourceNotice::Kind kind, const std::string& detail);

    model::AddressSettings m_settings;
    IpAddress m_address;
    bool m_running = false;
    ports::AgentDone m_startDone;
    std::unique_ptr<DuplicateCheck> m_check;
    AddressWatch m_watch;
    Announcer m_announcer;
    AddressDefence m_defence;
};

// Error: the address isn't one. Doesn't block, raises nothing.
[[nodiscard]] Result<std::unique_ptr<ports::Agent>> makeAddressAgent(const model::AddressSettings& settings);

} // namespace dyad::network
