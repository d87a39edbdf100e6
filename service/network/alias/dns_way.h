// SPDX-License-Identifier: Apache-2.0
// A name in the DNS: replaced on each of the servers by one signed update, then asked after as a client would.
#pragma once

#include <memory>
#include <vector>

#include "dns/dns_exchange.h"
#include "model/configuration.h"
#include "network/alias/alias_way.h"
#include "network/ip_address.h"

namespace dyad::network {

using namespace dns;

inline constexpr Duration dnsPatience = 3s; // for one answer

class DnsWay final : public AliasWay {
public:
    DnsWay(std::string host, model::AliasDns settings, std::vector<IpAddress> addresses, Duration patience);
    ~DnsWay() override;

    [[nodiscard]] const char* word() const override { return "dns"; }
    // Well only when every server answers with just these addresses.
    void attempt(bool claim, Done done) override;
    // The records stay: the other node replaces them, and a name that vanished would be remembered as missing.
    void leave(std::function<void()> done) override;

private:
    class Talk; // with one server

    void ended();

    std::string m_host;
    model::AliasDns m_settings;
    std::vector<IpAddress> m_addresses; // in order
    Duration m_patience;
    Done m_done;
    std::vector<std::unique_ptr<Talk>> m_talks;
};

} // namespace dyad::network
